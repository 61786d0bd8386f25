import { releasePath } from '../extension-release.ts';
import type { Rule } from './rule.ts';

/** Source: systemd-sysext(8). */
export const releaseFileMissing: Rule = {
  name: 'release-file-missing',
  summary: 'An image has a release file; one without aborts the merge of every extension on the host.',
  *check({ name, release, releaseNames }) {
    if (release !== undefined || releaseNames.length > 0) return;
    yield {
      severity: 'error',
      path: `/${releasePath(name)}`,
      message: 'the image has no release file, which aborts the merge of every extension on the host',
      fix: `add it, with at least ID= and ARCHITECTURE=; a build writes it for the extension's name`,
    };
  },
};
