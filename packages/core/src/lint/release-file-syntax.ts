import type { Rule } from './rule.ts';

/** Source: os-release(5). */
export const releaseFileSyntax: Rule = {
  name: 'release-file-syntax',
  summary: 'A host can read the release file, and every line of it.',
  *check({ release }) {
    if (release === undefined) return;
    const path = `/${release.path}`;
    if (release.unreadable !== undefined) {
      yield {
        severity: 'error',
        path,
        message: `${release.unreadable}: a release file that cannot be read aborts the merge of every extension on the host`,
        fix: 'make it a regular file of UTF-8 text',
      };
    }
    for (const { line, text } of release.ignored) {
      yield {
        severity: 'warning',
        path,
        message: `line ${line}: the host ignores ${JSON.stringify(text.slice(0, 60))}`,
        fix: 'write FIELD=value, or begin a comment with "#"',
      };
    }
  },
};
