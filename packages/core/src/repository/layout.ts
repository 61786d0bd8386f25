import { join } from 'node:path';
import { type Arch, architectures } from '../arch.ts';
import { componentOf } from '../sysupdate.ts';

/** The checksum list that systemd-sysupdate reads; the name is its own. */
export const sumsName = 'SHA256SUMS';

/**
 * Names of the list's detached signature. systemd up to 257 asks for the first one; 258 and later ask for the second
 * one before it, and go on only after a 404.
 */
export const signatureNames = ['SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc'] as const;

/** Catalogue of a repository, and of each extension in it. */
export const indexName = 'index.json';

/** Detached signature of an extension's catalogue. */
export const indexSignatureName = 'index.json.asc';

/** What changes with each publish, and therefore lies in a generation. */
export const generationNames = [sumsName, ...signatureNames, indexName, indexSignatureName] as const;
export type GenerationName = (typeof generationNames)[number];

/** The keyring for hosts, relative to the repository; the same bytes under the names of both systemd's eras. */
export const keyringNames = ['keys/import-pubring.gpg', 'keys/import-pubring.pgp'] as const;

/** Where generations lie, relative to an extension's directory. */
export const generationsName = '.generations';

/** The link whose replacement makes a generation the visible one, relative to an extension's directory. */
export const currentName = 'current';

/** The build record of an image, relative to an extension's directory. */
export function recordName(stem: string): string {
  return `records/${stem}.json`;
}

/** Names of the transfer of an extension or of one of its series: for systemd 257 and later, and for older ones. */
export function transferNames(name: string, series?: { readonly name: string }): readonly [string, string] {
  const component = componentOf(name, series);
  return [`${component}.transfer`, `${component}.conf`];
}

/** Directory of an extension. `name` has to be checked: it becomes part of a path. */
export function extensionDirectory(repository: string, name: string): string {
  return join(repository, name);
}

/** Stem and kind of a file that may be an image of the extension; `undefined` for any other file. */
export function parseImageName(
  name: string,
  file: string,
): { readonly stem: string; readonly version: string; readonly arch: Arch; readonly packed: boolean } | undefined {
  const match = /^(?<stem>[A-Za-z0-9._-]+)\.raw(?<xz>\.xz)?$/.exec(file);
  if (match === null || !file.startsWith(`${name}-`)) return undefined;
  const stem = match.groups!['stem']!;
  const arch = architectures.find((candidate) => stem.endsWith(`-${candidate}`));
  if (arch === undefined || stem.length <= name.length + 1 + arch.length + 1) return undefined;
  const version = stem.slice(name.length + 1, -(arch.length + 1));
  return { stem, version, arch, packed: match.groups!['xz'] !== undefined };
}
