import type { Rule } from './rule.ts';

/** Source: SYSEXT_SCOPE= in systemd-sysext(8). */
export const releaseScope: Rule = {
  name: 'release-scope',
  summary: 'SYSEXT_SCOPE, where it is set, contains "system".',
  *check({ release }) {
    const scope = release?.fields['SYSEXT_SCOPE'];
    if (release === undefined || scope === undefined || scope.split(/\s+/).includes('system')) return;
    yield {
      severity: 'error',
      path: `/${release.path}`,
      message: `SYSEXT_SCOPE=${scope} lacks "system": every booted host skips the image silently`,
      fix: 'leave out SYSEXT_SCOPE',
    };
  },
};
