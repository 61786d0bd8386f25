import { hostDirectories } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/** The topmost layer's mode counts for a directory that the host has too (overlayfs). */
export const directoryMode: Rule = {
  name: 'directory-mode',
  summary: "Directories have mode 0755; a host's own directories get the mode that an image gives them.",
  *check({ tree }) {
    for (const [path, { type, mode }] of tree) {
      if (type !== 'directory' || (mode & 0o7777) === 0o755) continue;
      const ofHost = hostDirectories.has(path);
      yield {
        severity: ofHost ? 'error' : 'warning',
        path: `/${path}`,
        message: `has mode ${octal(mode)}${ofHost ? ", which becomes that of the host's directory: users may be shut out or let in" : ''}`,
        fix: 'give directories mode 0755 (build with umask 022)',
      };
    }
  },
};

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');
