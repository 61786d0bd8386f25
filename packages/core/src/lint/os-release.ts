import type { Rule } from './rule.ts';

/** Source: systemd-sysext(8): an image that looks like an OS is refused. */
export const osReleaseFile: Rule = {
  name: 'os-release',
  summary: 'An image with usr/lib/os-release is taken for an OS and aborts the merge of every extension on the host.',
  *check({ tree }) {
    const path = 'usr/lib/os-release';
    if (!tree.has(path)) return;
    yield {
      severity: 'error',
      path: `/${path}`,
      message: "it is the host's own file: an image that has it aborts the merge of every extension on the host",
      fix: 'delete it ("leave" it out of the download)',
    };
  },
};
