import { movingDirectories } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/** Real outage: flatcar/sysext-bakery#131. */
export const usrSbin: Rule = {
  name: 'usr-sbin',
  summary: 'An image has nothing at usr/sbin or usr/local/sbin: it would hide tools that a host needs to boot.',
  *check({ tree }) {
    for (const path of movingDirectories) {
      const entry = tree.get(path);
      if (entry === undefined) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `is a link to bin on a host (a directory on LTS 4081); a ${entry.type} here hides the host's programs, and the host may no longer boot`,
        fix: `move the programs to /${path.replace('sbin', 'bin')}/ ("take" with another place)`,
      };
    }
  },
};
