import { osRelease } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/**
 * With SYSEXT_LEVEL on both sides a host does not look at VERSION_ID, and without it on one side
 * it wants VERSION_ID (systemd-sysext(8)). Flatcar's hosts have a level.
 */
export const releaseLevel: Rule = {
  name: 'release-level',
  summary: 'The release file names either the level of Flatcar or one of its versions.',
  *check({ release }) {
    if (release === undefined || release.unreadable !== undefined) return;
    const { ID: id, SYSEXT_LEVEL: level = '', VERSION_ID: version = '' } = release.fields;
    if (id !== osRelease.id) return;
    const path = `/${release.path}`;
    if (level === '' && version === '') {
      yield {
        severity: 'error',
        path,
        message: 'neither SYSEXT_LEVEL nor VERSION_ID: every host skips the image silently',
        fix: `set SYSEXT_LEVEL=${osRelease.sysextLevel}, or VERSION_ID to pin the image to one release`,
      };
    } else if (level !== '' && level !== osRelease.sysextLevel) {
      yield {
        severity: 'error',
        path,
        message: `SYSEXT_LEVEL=${level} is not the level of Flatcar: every host skips the image silently`,
        fix: `set SYSEXT_LEVEL=${osRelease.sysextLevel}`,
      };
    } else if (level !== '' && version !== '') {
      yield {
        severity: 'warning',
        path,
        message: `hosts compare SYSEXT_LEVEL alone: the image is not pinned to ${version}`,
        fix: 'leave out one of SYSEXT_LEVEL and VERSION_ID',
      };
    }
  },
};
