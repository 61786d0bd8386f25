import type { Rule } from './rule.ts';

/** A merged hierarchy is read-only as a whole (systemd-sysext(8)). */
export const optContent: Rule = {
  name: 'opt-content',
  summary: "An image with content in /opt makes the host's whole /opt read-only, and updates stop.",
  *check({ tree }) {
    for (const path of tree.keys()) {
      if (!/^opt\/[^/]+$/.test(path)) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message:
          "makes the host's whole /opt read-only while the image is merged: systemd-sysupdate can store no new image in /opt/extensions",
        fix: 'install to /usr instead; where upstream insists on /opt, say so under "allow"',
      };
    }
  },
};
