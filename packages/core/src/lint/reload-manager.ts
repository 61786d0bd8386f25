import { isYes } from '../unit-file.ts';
import type { Rule } from './rule.ts';

/** Source: EXTENSION_RELOAD_MANAGER= in systemd-sysext(8), since systemd 255. */
export const reloadManager: Rule = {
  name: 'reload-manager',
  summary:
    'An image with units has EXTENSION_RELOAD_MANAGER=1; without it a live refresh does not show them to systemd.',
  *check({ release, units, enableLinks }) {
    if (release === undefined || release.unreadable !== undefined) return;
    const reloads = isYes(release.fields['EXTENSION_RELOAD_MANAGER']);
    const hasUnits = units.length + enableLinks.length > 0;
    const path = `/${release.path}`;
    if (hasUnits && !reloads) {
      yield {
        severity: 'error',
        path,
        message: 'the image ships units, and systemd does not learn of them when a running host merges it',
        fix: 'set EXTENSION_RELOAD_MANAGER=1',
      };
    } else if (reloads && !hasUnits) {
      yield {
        severity: 'warning',
        path,
        message: 'the image ships no units, and asks every host to reload all of its own',
        fix: 'leave out EXTENSION_RELOAD_MANAGER',
      };
    }
  },
};
