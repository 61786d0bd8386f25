import { SysextError } from './errors.ts';
import type { Entry, Tree } from './tree.ts';

/** A path of an image as documents show it. */
export interface ListedPath {
  /** Without a leading slash. */
  readonly path: string;
  readonly type: Entry['type'];
  /** Permission bits in four octal digits: `0755`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Names of extended attributes, sorted. */
  readonly xattrs: readonly string[];
  /** Bytes; files only. */
  readonly size?: number;
  /** Files only. */
  readonly sha256?: string;
  /** Symlinks only. */
  readonly target?: string;
  /** Devices only. */
  readonly major?: number;
  readonly minor?: number;
}

/** An entry of a tree as documents show it. */
export function listPath(path: string, entry: Entry): ListedPath {
  const { type, uid, gid } = entry;
  const base = { path, type, mode: entry.mode.toString(8).padStart(4, '0'), uid, gid, xattrs: entry.xattrs.toSorted() };
  switch (entry.type) {
    case 'file':
      return { ...base, size: entry.content.size, sha256: entry.content.sha256 };
    case 'symlink':
      return { ...base, target: entry.target };
    case 'character-device':
    case 'block-device':
      return { ...base, major: entry.major, minor: entry.minor };
    case 'directory':
    case 'fifo':
    case 'socket':
      return base;
  }
}

/** A tree as its golden file shows it: mode, owner and path a line; a directory ends in `/`, a link names its target. */
export function renderPaths(tree: Tree): string {
  const lines = [...tree].map(([path, entry]) => {
    const { mode, uid, gid, type, target = '' } = listPath(path, entry);
    const end = type === 'directory' ? '/' : type === 'symlink' ? ` -> ${target}` : '';
    return `${mode} ${uid}:${gid} /${path}${end}\n`;
  });
  return lines.join('');
}

/**
 * The paths of a golden file, with a leading slash, that are no directories.
 *
 * @throws SysextError `USAGE` for a line that {@link renderPaths} does not write; `where` is named in it.
 */
export function parsePaths(text: string, where: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const path = /^[0-7]{4} \d+:\d+ (\/.*)$/.exec(line)?.[1];
      if (path === undefined) throw new SysextError('USAGE', `${where}: ${JSON.stringify(line)} lists no path`);
      return path.endsWith('/') ? [] : [path.split(' -> ', 1)[0]!];
    });
}

/** What about a path differs between two trees. */
type Aspect = Exclude<keyof ListedPath, 'path'>;

/** A path that is in one of two trees alone, or not the same in both. */
export type PathDifference =
  | { readonly kind: 'added'; readonly path: string; readonly after: ListedPath }
  | { readonly kind: 'removed'; readonly path: string; readonly before: ListedPath }
  | {
      readonly kind: 'changed';
      readonly path: string;
      readonly aspects: readonly Aspect[];
      readonly before: ListedPath;
      readonly after: ListedPath;
    };

const aspects: readonly Aspect[] = [
  'type',
  'mode',
  'uid',
  'gid',
  'xattrs',
  'size',
  'sha256',
  'target',
  'major',
  'minor',
];

/** All differences between two trees, in the order of their paths. */
export function compareTrees(before: Tree, after: Tree): PathDifference[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((path) => comparePath(path, before.get(path), after.get(path)));
}

function comparePath(path: string, before: Entry | undefined, after: Entry | undefined): PathDifference[] {
  if (before === undefined) return after === undefined ? [] : [{ kind: 'added', path, after: listPath(path, after) }];
  if (after === undefined) return [{ kind: 'removed', path, before: listPath(path, before) }];
  const [old, now] = [listPath(path, before), listPath(path, after)];
  const changed = aspects.filter((aspect) => String(old[aspect]) !== String(now[aspect]));
  return changed.length === 0 ? [] : [{ kind: 'changed', path, aspects: changed, before: old, after: now }];
}
