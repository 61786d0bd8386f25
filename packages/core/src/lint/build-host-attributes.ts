import type { Rule } from './rule.ts';

export const buildHostAttributes: Rule = {
  name: 'build-host-attributes',
  summary: 'No extended attributes of the building machine: its SELinux labels are wrong on a host.',
  *check({ tree }) {
    for (const [path, { xattrs }] of tree) {
      const found = xattrs.filter((name) => name === 'security.selinux' || name.startsWith('btrfs.'));
      if (found.length === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `carries ${found.join(', ')} of the machine it was built on: where SELinux is enforced, hosts refuse the file`,
        fix: 'make the image without extended attributes (-no-xattrs, or -x -1 for erofs)',
      };
    }
  },
};
