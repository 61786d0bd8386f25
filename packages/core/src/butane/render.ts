import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { ButaneDirectory, ButaneDocument, ButaneFile, ButaneLink, ButaneUnit } from './document.ts';

const require = createRequire(import.meta.url);

/** Loaded by the first document: a build, which renders none, does not wait for its 70 modules. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** Versions of Butane's `flatcar` variant, oldest first; they differ in nothing that is used here. */
export const butaneVersions = ['1.0.0', '1.1.0'] as const;
export type ButaneVersion = (typeof butaneVersions)[number];

export interface RenderButaneOptions {
  /** `1.1.0` when absent. */
  readonly version?: ButaneVersion | undefined;
}

/**
 * A document as Butane reads it. Entries are sorted, and the same document gives the same text.
 *
 * The text may hold keys; who may read it is the caller's concern.
 */
export function renderButane(
  { files, directories, links, units }: ButaneDocument,
  { version = '1.1.0' }: RenderButaneOptions = {},
): string {
  const storage = {
    ...some('directories', sorted(directories, 'path').map(directoryEntry)),
    ...some('files', sorted(files, 'path').map(fileEntry)),
    ...some('links', sorted(links, 'path').map(linkEntry)),
  };
  const systemd = some('units', sorted(units, 'name').map(unitEntry));
  const document = new (yaml().Document)(
    {
      variant: 'flatcar',
      version,
      ...(Object.keys(storage).length === 0 ? {} : { storage }),
      ...(Object.keys(systemd).length === 0 ? {} : { systemd }),
    },
    // Butane reads octal modes, which YAML has had since 1.1, and strings that look like nothing else.
    { version: '1.1', aliasDuplicateObjects: false },
  );
  document.commentBefore = ' Written by sysext. butane --strict makes the Ignition configuration of it.';
  return document.toString({ lineWidth: 0 });
}

const some = (name: string, entries: readonly unknown[]): object => (entries.length === 0 ? {} : { [name]: entries });

function sorted<K extends string, T extends Readonly<Record<K, string>>>(entries: readonly T[], key: K): T[] {
  return entries.toSorted((a, b) => (a[key] < b[key] ? -1 : 1));
}

function fileEntry(file: ButaneFile): object {
  return { path: file.path, ...owned(file, 0o644), contents: contents(file) };
}

function contents(file: ButaneFile): object {
  if ('text' in file && isPlain(file.text)) return { inline: literal(file.text) };
  if (!('url' in file)) {
    const bytes = 'text' in file ? file.text : file.bytes;
    return { source: `data:;base64,${Buffer.from(bytes).toString('base64')}` };
  }
  return { source: file.url, verification: { hash: `sha256-${file.sha256}` } };
}

function directoryEntry(directory: ButaneDirectory): object {
  return { path: directory.path, ...owned(directory, 0o755) };
}

function owned({ mode, uid, gid }: ButaneDirectory, usual: number): object {
  return {
    mode: octal(mode ?? usual),
    ...(uid === undefined ? {} : { user: { id: uid } }),
    ...(gid === undefined ? {} : { group: { id: gid } }),
  };
}

function linkEntry({ path, target, overwrite }: ButaneLink): object {
  return { path, target, ...(overwrite === true ? { overwrite } : {}) };
}

function unitEntry({ name, text, enabled }: ButaneUnit): object {
  return { name, ...(enabled === undefined ? {} : { enabled }), contents: literal(text) };
}

function octal(mode: number): Yaml.Scalar {
  const scalar = new (yaml().Scalar)(mode);
  scalar.format = 'OCT';
  return scalar;
}

/**
 * Text that every reader of YAML takes for the same: no control characters, none of the rarer line breaks, and no
 * indentation before the first word.
 */
function isPlain(text: string): boolean {
  return /^(?!\s)[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text);
}

/** Several lines as they are, in a block. */
function literal(text: string): Yaml.Scalar | string {
  if (!text.includes('\n')) return text;
  const scalar = new (yaml().Scalar)(text);
  scalar.type = 'BLOCK_LITERAL';
  return scalar;
}
