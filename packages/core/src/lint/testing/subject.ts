import type { Arch } from '../../arch.ts';
import { archNames } from '../../arch.ts';
import { releasePath, renderExtensionRelease } from '../../extension-release.ts';
import type { ImageFacts } from '../../image/facts.ts';
import { type RecipeInput, defineExtension } from '../../recipe.ts';
import {
  type DirectoryEntry, type Entry, type FileEntry, type SpecialEntry, type SymlinkEntry, completeTree, plainDirectory, textFile,
} from '../../tree.ts'; // prettier-ignore
import { renderStarts } from '../../units.ts';
import type { Subject } from '../subject.ts';
import { type ElfImage, elfImage } from '@sysext/testing';

/** Paths to add to a tree, or to take out of it (`undefined`). */
export type Changes = Readonly<Record<string, Entry | string | undefined>>;

/** Path of the clean subject's release file. */
export const release = releasePath('demo');

/** The clean subject's service. */
export const service = 'usr/lib/systemd/system/demo.service';
export const serviceText = '[Unit]\nDescription=Demo\n\n[Service]\nExecStart=/usr/bin/demo --config /etc/demo.conf\n';

/** A program for `arch` (x86-64 when absent) with what `wanted` says. */
export function program(wanted: ElfImage & { readonly arch?: Arch; readonly mode?: number } = {}): FileEntry {
  const { arch = 'x86-64', mode = 0o755, ...image } = wanted;
  const bytes = elfImage({ machine: archNames[arch].elfMachine, ...image });
  return { ...textFile('', 'demo'), mode, content: { bytes, size: bytes.length, sha256: '' } };
}

export const text = (content: string, changes: Partial<FileEntry> = {}): FileEntry => ({
  ...textFile(content, 'files'),
  ...changes,
});

export const link = (target: string): SymlinkEntry => ({ ...plainDirectory, type: 'symlink', mode: 0o777, target });

export const directory = (changes: Partial<DirectoryEntry> = {}): DirectoryEntry => ({ ...plainDirectory, ...changes });

export const special = (type: SpecialEntry['type'], major = 0, minor = 0): SpecialEntry => ({
  ...plainDirectory,
  type,
  mode: 0o600,
  major,
  minor,
});

/** The fields of the clean release file, with changes; `undefined` takes a field out. */
export function releaseText(changes: Readonly<Record<string, string | undefined>> = {}): FileEntry {
  const fields = {
    ID: 'flatcar',
    SYSEXT_LEVEL: '1.0',
    ARCHITECTURE: 'x86-64',
    EXTENSION_RELOAD_MANAGER: '1',
    ...changes,
  };
  return text(
    Object.entries(fields)
      .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]))
      .join(''),
  );
}

const recipe: RecipeInput = {
  name: 'demo',
  summary: 'A program that serves in tests',
  homepage: 'https://example.org/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'example/demo' },
  sources: [{ kind: 'release', downloads: [{ url: 'https://example.org/demo', take: '/usr/bin/' }] }],
  services: { 'demo.service': { start: 'on-merge' } },
};

const image: ImageFacts = {
  file: 'demo-1.2.3-x86-64.raw',
  size: 40_960,
  fileSystem: 'squashfs',
  compression: 'zstd',
  blockSize: 262_144,
  bytesUsed: 40_001,
  createdAt: 0,
  offset: 0,
};

/**
 * An extension without a fault: a static program, a service that starts with the merge, and the
 * release file that belongs to it.
 *
 * @param changes what to break in its tree; a string is the text of a file.
 */
export function demo(changes: Changes = {}, recipeChanges: Partial<RecipeInput> = {}): Subject {
  const extension = defineExtension('/demo', { ...recipe, ...recipeChanges });
  const os = { id: 'flatcar', versionId: undefined };
  const facts = { name: 'demo', version: '1.2.3', revision: 0, arch: 'x86-64', os, reloadManager: true } as const;
  const clean: [string, Entry][] = [
    ['usr/bin/demo', program()],
    [service, text(serviceText)],
    [release, text(renderExtensionRelease(facts))],
    ...renderStarts({ services: { 'demo.service': { start: 'on-merge' } } }).map(
      ([path, made]) => [path, text(made)] as [string, Entry],
    ),
  ];
  const entries = new Map<string, Entry>(clean);
  for (const [path, change] of Object.entries(changes)) {
    if (change === undefined) entries.delete(path);
    else entries.set(path, typeof change === 'string' ? text(change) : change);
  }
  return { name: 'demo', version: '1.2.3', arch: 'x86-64', tree: completeTree(entries), recipe: extension, image };
}

/** The same as an image of somebody else's: without a recipe. */
export function stranger(changes: Changes = {}): Subject {
  return { ...demo(changes), recipe: undefined };
}

/** {@link demo} with other facts of the image file. */
export function demoImage(changes: Partial<ImageFacts>): Subject {
  return { ...demo(), image: { ...image, ...changes } };
}

/** {@link demo} under another name, with a release file to match. */
export function named(name: string): Subject {
  const fields = 'ID=flatcar\nSYSEXT_LEVEL=1.0\nARCHITECTURE=x86-64\nEXTENSION_RELOAD_MANAGER=1\n';
  return { ...demo({ [release]: undefined, [releasePath(name)]: fields }), name };
}
