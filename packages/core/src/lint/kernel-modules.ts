import type { Rule } from './rule.ts';

/** Files that depmod(8) writes for one directory of modules as a whole. */
const index = /^usr\/lib\/modules\/[^/]+\/modules\.(?:dep|alias|symbols|builtin|softdep|devname|weakdep|order)(?:\.|$)/;

export const kernelModules: Rule = {
  name: 'kernel-modules',
  summary: "Kernel modules are pinned to one OS release and leave the host's module index alone.",
  *check({ tree, pinnedTo }) {
    for (const [path, { type }] of tree) {
      if (type === 'directory' && pinnedTo === undefined && /^usr\/lib\/modules\/[^/]+$/.test(path)) {
        yield {
          severity: 'error',
          path: `/${path}`,
          message:
            'modules for one kernel in an image for every release: after the next OS update modprobe does not find them',
          fix: 'pin the image to that release: --os flatcar:VERSION_ID',
        };
      }
      if (type !== 'directory' && index.test(path)) {
        yield {
          severity: 'error',
          path: `/${path}`,
          message: "replaces the host's module index: modprobe no longer finds the host's own modules",
          fix: '"leave" it out; load the modules with insmod, or run depmod into a writable directory',
        };
      }
    }
  },
};
