import type { Rule } from './rule.ts';

/** Source: systemd-sysupdate(8); what goes wrong is in systemd issue 38344. */
export const sysupdateDefinitions: Rule = {
  name: 'sysupdate-definitions',
  summary: "An image adds nothing to the host's default update target; transfers of one target share one version.",
  *check({ tree, name }) {
    for (const [path, { type }] of tree) {
      if (type === 'directory' || !/^usr\/(?:local\/)?lib\/sysupdate\.d\//.test(path)) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message:
          "joins the host's default update target, which then never finds a version that all of it has: updates stop",
        fix: `move it to /usr/lib/sysupdate.${name}.d/, a component of its own`,
      };
    }
  },
};
