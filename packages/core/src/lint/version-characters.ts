import { versionProblem } from '../version.ts';
import type { Rule } from './rule.ts';

/** Source: @v in sysupdate.d(5); the accepted set changed in systemd 262. */
export const versionCharacters: Rule = {
  name: 'version-characters',
  summary: 'Versions consist of characters that every systemd-sysupdate accepts; others are never offered to a host.',
  *check({ version }) {
    const problem = version === undefined ? undefined : versionProblem(version);
    if (problem === undefined) return;
    yield {
      severity: 'error',
      message: `the version ${JSON.stringify(version)}: ${problem}, so hosts are never offered the image`,
      fix: 'publish it under a version made of [A-Za-z0-9.+_-]',
    };
  },
};
