import { releasePath } from '../extension-release.ts';
import type { Rule } from './rule.ts';

/**
 * A host looks for the file of exactly the image's name; only what follows a `_` or `+` in the
 * name is left out (systemd-sysext(8)), so a dashed version in a link's name does not work.
 */
export const releaseFileName: Rule = {
  name: 'release-file-name',
  summary: 'The release file is named for the image; another name aborts the merge of every extension on the host.',
  *check({ name, release, releaseNames }) {
    for (const other of releaseNames) {
      const path = `/${releasePath(other)}`;
      if (path === `/${release?.path}`) continue;
      yield release === undefined
        ? {
            severity: 'error',
            path,
            message: `the host looks for extension-release.${name} and does not find it, which aborts the merge of every extension`,
            fix: `name the file extension-release.${name}, or link the image as ${other}.raw`,
          }
        : {
            severity: 'warning',
            path,
            message: `this release file is for an image named ${other}`,
            fix: `leave only extension-release.${name}`,
          };
    }
  },
};
