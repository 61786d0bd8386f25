import { hostDirectories } from '../host/flatcar.ts';
import { directoryOf, isMerged, lookUp } from './facts/lookup.ts';
import type { Rule } from './rule.ts';

export const linkDangling: Rule = {
  name: 'link-dangling',
  summary: 'Symlinks lead to something in the image or on the host.',
  *check({ tree, enableLinks }) {
    const byName = new Set(enableLinks.map(({ path }) => path));
    for (const [path, entry] of tree) {
      // systemd takes the unit from the name of an enabling link, wherever the link leads.
      if (entry.type !== 'symlink' || !isMerged(path) || byName.has(path)) continue;
      const place = lookUp(tree, path);
      if (place.kind !== 'missing' && place.kind !== 'loop') continue;
      const mayBeOnHost = place.kind === 'missing' && hostDirectories.has(directoryOf(place.path));
      yield {
        severity: mayBeOnHost ? 'warning' : 'error',
        path: `/${path}`,
        message: `links to ${entry.target}, ${place.kind === 'loop' ? 'which leads in a circle' : 'which neither image nor host has'}`,
        fix: 'correct the target in "links" of the recipe, or "leave" the link out',
      };
    }
  },
};
