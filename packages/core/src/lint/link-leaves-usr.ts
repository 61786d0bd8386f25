import { isMerged, lookUp } from './facts/lookup.ts';
import type { Rule } from './rule.ts';

/** Directories that hosts have and that images may well link into. */
const ofHost = /^(?:etc|run|var|dev|proc|sys|oem|boot)(?:\/|$)/;

export const linkLeavesUsr: Rule = {
  name: 'link-leaves-usr',
  summary:
    'Symlinks that lead out of /usr lead to places of the host, not of the image or of the machine it was built on.',
  *check({ tree }) {
    for (const [path, entry] of tree) {
      if (entry.type !== 'symlink' || !isMerged(path)) continue;
      const place = lookUp(tree, path);
      if (place.kind !== 'outside') continue;
      const inImage = tree.has(place.path) && place.path !== '';
      if (!inImage && ofHost.test(place.path)) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: inImage
          ? `links to /${place.path}, a part of the image that is never merged`
          : `links to ${entry.target}, a place that hosts do not have`,
        fix: 'link to a path below /usr, relative to the link',
      };
    }
  },
};
