import type { Rule } from './rule.ts';

/** Source: systemd.syntax(7). */
export const unitSyntax: Rule = {
  name: 'unit-syntax',
  summary: 'Every line of a unit file or drop-in is one that systemd understands.',
  *check({ unitProblems }) {
    for (const { path, line, message, fatal } of unitProblems) {
      yield {
        severity: fatal ? 'error' : 'warning',
        path: `/${path}`,
        message: `line ${line}: ${message}: systemd ${fatal ? 'does not load the unit' : 'ignores the line'}`,
        fix: 'write [Section], Key=value, or begin a comment with "#"',
      };
    }
  },
};
