import { isYes, unitValue } from '../unit-file.ts';
import type { Rule } from './rule.ts';

/** Source: Upholds= in systemd.unit(5): a unit that is upheld is started again whenever it is inactive. */
export const upheldOneshot: Rule = {
  name: 'upheld-oneshot',
  summary: 'A oneshot service that starts with the merge has RemainAfterExit=yes; else it is run again and again.',
  *check({ units, upheld }) {
    for (const unit of units) {
      if (unit.path === undefined || !upheld.has(unit.name)) continue;
      const type = unitValue(unit, 'Service', 'Type');
      const remains = isYes(unitValue(unit, 'Service', 'RemainAfterExit'));
      if (type !== 'oneshot' || remains) continue;
      yield {
        severity: 'error',
        path: `/${unit.path}`,
        message: 'is upheld and ends at once: systemd runs it again and again, until its start limit',
        fix: "set RemainAfterExit=yes, or declare it with start: 'manual' and let a timer start it",
      };
    }
  },
};
