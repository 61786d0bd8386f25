import { hostDirectories } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

export const hostDirectoryCovered: Rule = {
  name: 'host-directory-covered',
  summary: 'An image has no link or file where the host has a directory: the directory would be gone.',
  *check({ tree }) {
    for (const path of hostDirectories) {
      const entry = tree.get(path);
      if (entry === undefined || entry.type === 'directory') continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `is a directory on a host; a ${entry.type} here hides everything in it`,
        fix: 'ship a directory with the files in it',
      };
    }
  },
};
