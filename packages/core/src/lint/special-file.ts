import type { Rule } from './rule.ts';

export const specialFile: Rule = {
  name: 'special-file',
  summary: 'An image holds files, directories and symlinks only: no devices, fifos or sockets.',
  *check({ tree }) {
    for (const [path, entry] of tree) {
      if (entry.type === 'file' || entry.type === 'directory' || entry.type === 'symlink') continue;
      if (entry.type === 'character-device' && entry.major === 0 && entry.minor === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `is a ${entry.type}: /usr is mounted without devices, and nobody can write to it`,
        fix: 'make it at run time, in /run, with tmpfiles.d or a socket unit',
      };
    }
  },
};
