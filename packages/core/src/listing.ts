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
