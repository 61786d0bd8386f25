import { hostLinks, movingDirectories, rootLinks } from '../../host/flatcar.ts';
import { hostHas } from '../../host/inventory.ts';
import type { Entry, Tree } from '../../tree.ts';

/** Where a path leads on a host that has merged the image. `path` has no leading slash and no link in it. */
export type Place =
  | { readonly kind: 'image'; readonly path: string; readonly entry: Entry }
  /** Every Flatcar host is known to have it. */
  | { readonly kind: 'host'; readonly path: string }
  /** Not below a merged hierarchy: `/etc`, `/run`, … */
  | { readonly kind: 'outside'; readonly path: string }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'loop'; readonly path: string };

/** The links a host of today follows; `usr/sbin` is a directory on LTS 4081 alone. */
const links: ReadonlyMap<string, string> = new Map([
  ...rootLinks,
  ...hostLinks,
  ...movingDirectories.map((path) => [path, 'bin'] as const),
]);

/** As many links as the kernel follows (path_resolution(7)). */
const maxLinks = 40;

/** True for paths in the hierarchies that systemd-sysext merges. */
export function isMerged(path: string): boolean {
  return /^(?:usr|opt)(?:\/|$)/.test(path);
}

/** Follows an absolute path on a host that has merged the image, through links of both. */
export function lookUp(tree: Tree, path: string): Place {
  let ahead = components(path);
  const behind: string[] = [];
  for (let followed = 0; ahead.length > 0;) {
    const [part, ...rest] = ahead as [string, ...string[]];
    ahead = rest;
    if (part === '..') {
      behind.pop();
      continue;
    }
    behind.push(part);
    const at = behind.join('/');
    const entry = isMerged(at) ? tree.get(at) : undefined;
    const target = entry === undefined ? links.get(at) : entry.type === 'symlink' ? entry.target : undefined;
    if (target === undefined) continue;
    if (++followed > maxLinks) return { kind: 'loop', path: at };
    if (target.startsWith('/')) behind.length = 0;
    else behind.pop();
    ahead = [...components(target), ...ahead];
  }
  const found = behind.join('/');
  if (!isMerged(found)) return { kind: 'outside', path: found };
  const entry = tree.get(found);
  if (entry !== undefined) return { kind: 'image', path: found, entry };
  return { kind: hostHas(found) ? 'host' : 'missing', path: found };
}

const components = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** Directory of a path without leading slash. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
