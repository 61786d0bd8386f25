import type { Rule } from './rule.ts';

/** Merged hierarchies are mounted without `nosuid`: these bits work. */
export const privilegedFile: Rule = {
  name: 'privileged-file',
  summary: 'Files that give their caller more rights (setuid, setgid, capabilities) are there on purpose only.',
  *check({ tree }) {
    for (const [path, { type, mode, xattrs }] of tree) {
      if (type !== 'file') continue;
      const rights = [
        ...((mode & 0o4000) !== 0 ? ['setuid'] : []),
        ...((mode & 0o2000) !== 0 ? ['setgid'] : []),
        ...(xattrs.includes('security.capability') ? ['file capabilities'] : []),
      ];
      if (rights.length === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `has ${rights.join(' and ')}: every user of a host gets these rights by running it`,
        fix: 'drop them (run it from a unit with AmbientCapabilities= instead), or say under "allow" why they are needed',
      };
    }
  },
};
