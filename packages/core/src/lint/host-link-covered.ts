import { hostLinks } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

export const hostLinkCovered: Rule = {
  name: 'host-link-covered',
  summary: 'An image has nothing where the host has a link to a directory: all that is behind the link would be gone.',
  *check({ tree }) {
    for (const [path, target] of hostLinks) {
      const entry = tree.get(path);
      if (entry === undefined || (entry.type === 'symlink' && entry.target === target)) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `is a link to ${target} on a host; a ${entry.type} here hides everything behind it`,
        fix: target.startsWith('../lib/')
          ? `move the files to /usr/lib/${target.slice(7)}/`
          : 'move the files elsewhere',
      };
    }
  },
};
