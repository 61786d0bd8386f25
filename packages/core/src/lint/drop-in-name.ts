import { unitDirectories } from '../units.ts';
import type { Rule } from './rule.ts';

const inDropInDirectory = new RegExp(`^(?:${unitDirectories.join('|')})/[^/]+\\.d/[^/]+$`);

/** Source: systemd.unit(5). */
export const dropInName: Rule = {
  name: 'drop-in-name',
  summary: 'Drop-ins end in .conf; systemd reads no others.',
  *check({ tree }) {
    for (const [path, { type }] of tree) {
      if (type === 'directory' || !inDropInDirectory.test(path) || path.endsWith('.conf')) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: 'does not end in .conf: systemd never reads it',
        fix: `name it ${path.slice(path.lastIndexOf('/') + 1)}.conf`,
      };
    }
  },
};
