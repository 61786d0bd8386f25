import type { Rule } from './rule.ts';

/** A live refresh reloads units, and starts only what an `Upholds=` asks for; links are read at boot. */
export const unitEnableLink: Rule = {
  name: 'unit-enable-link',
  summary: 'Units that start with the merge do so by an Upholds= drop-in, not by a .wants, .requires or .upholds link.',
  *check({ enableLinks, upheld, recipe }) {
    for (const { path, unit, kind } of enableLinks) {
      if (upheld.has(unit)) continue;
      yield {
        severity: recipe === undefined || kind === 'upholds' ? 'warning' : 'error',
        path: `/${path}`,
        message:
          kind === 'upholds'
            ? `upholds ${unit} by a link, of a kind that systemd reads since 253 only`
            : `starts ${unit} at boot, and not when a running host merges the image`,
        fix: `delete the link and declare services: { '${unit}': { start: 'on-merge' } }, which makes a drop-in with Upholds=`,
      };
    }
  },
};
