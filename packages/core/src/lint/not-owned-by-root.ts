import { directoryOf } from './facts/lookup.ts';
import type { Rule } from './rule.ts';

/** The topmost layer's owner counts for a directory that the host has too (overlayfs). */
export const notOwnedByRoot: Rule = {
  name: 'not-owned-by-root',
  summary: 'Everything belongs to root; another owner takes over directories of the host.',
  *check({ tree }) {
    for (const [path, { uid, gid }] of tree) {
      const parent = tree.get(directoryOf(path));
      const likeParent = parent !== undefined && parent.uid === uid && parent.gid === gid;
      if ((uid === 0 && gid === 0) || likeParent) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `belongs to ${uid}:${gid} instead of root, as does what is below it: whoever has that id on a host owns it`,
        fix: 'make the image with -all-root (squashfs) or --all-root (erofs)',
      };
    }
  },
};
