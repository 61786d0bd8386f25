import { isMerged } from './facts/lookup.ts';
import type { Rule } from './rule.ts';

/** Source: systemd-sysext(8). */
export const outsideUsr: Rule = {
  name: 'outside-usr',
  summary: 'Only /usr (and /opt) of an image is merged; nothing else reaches a host.',
  *check({ tree, name }) {
    for (const [path, { type }] of tree) {
      if (path.includes('/') || isMerged(path)) continue;
      const empty = type === 'directory' && ![...tree.keys()].some((other) => other.startsWith(`${path}/`));
      yield {
        severity: empty ? 'warning' : 'error',
        path: `/${path}`,
        message: 'is outside /usr: hosts never see it',
        fix: `ship templates in /usr/share/${name}/ and let tmpfiles.d copy (C) or link (L) them`,
      };
    }
  },
};
