import { osRelease } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/** Source: systemd-sysext(8); `ID_LIKE` of the host counts only since systemd 257.8. */
export const releaseId: Rule = {
  name: 'release-id',
  summary: 'The release file has an ID that a Flatcar host takes; with another one the image is skipped silently.',
  *check({ release }) {
    if (release === undefined || release.unreadable !== undefined) return;
    const id = release.fields['ID'];
    if (id === osRelease.id || id === '_any') return;
    const path = `/${release.path}`;
    yield id === undefined || id === ''
      ? {
          severity: 'error',
          path,
          message: 'ID is missing: every host skips the image silently',
          fix: `set ID=${osRelease.id}, or ID=_any for an image that any OS may merge`,
        }
      : {
          severity: 'warning',
          path,
          message: `ID=${id}: a Flatcar host skips the image silently`,
          fix: `build with --os ${osRelease.id}, unless the image is for that OS`,
        };
  },
};
