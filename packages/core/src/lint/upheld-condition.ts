import { unitSettings } from '../unit-file.ts';
import type { Rule } from './rule.ts';

/**
 * A start that a condition skips leaves the unit inactive, so that systemd at once tries again: 16 times in 10 s, for as
 * long as the host runs (observed with systemd 257; the limit is `start_when_upheld` in its manager).
 */
export const upheldCondition: Rule = {
  name: 'upheld-condition',
  summary: 'A unit that starts with the merge has no condition; while one is not met, systemd tries again and again.',
  *check({ units, upheld }) {
    for (const unit of units) {
      if (unit.path === undefined || !upheld.has(unit.name)) continue;
      const condition = unit.settings.find(({ section, key }) => section === 'Unit' && key.startsWith('Condition'));
      if (condition === undefined || unitSettings(unit, 'Unit', condition.key).length === 0) continue;
      yield {
        severity: 'error',
        path: `/${condition.path}`,
        message: `line ${condition.line}: is upheld, and skipped as long as ${condition.key}=${condition.value} is not met: systemd tries again and again, and fills the journal`,
        fix: "declare it with start: 'when-configured' and its configuration, or with start: 'manual'",
      };
    }
  },
};
