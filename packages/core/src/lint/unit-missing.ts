import { hostUnits } from '../host/flatcar.ts';
import { isUnitPath } from '../units.ts';
import { baseName } from '../image-path.ts';
import { templateOf } from './facts/units.ts';
import type { Rule } from './rule.ts';

export const unitMissing: Rule = {
  name: 'unit-missing',
  summary: 'Units that the recipe declares or that a drop-in upholds exist.',
  *check({ tree, upheld, recipe }) {
    const present = new Set([...tree.keys()].filter(isUnitPath).map(baseName));
    const exists = (unit: string): boolean => present.has(unit) || present.has(templateOf(unit)) || hostUnits.has(unit);
    for (const unit of Object.keys(recipe?.services ?? {})) {
      if (exists(unit)) continue;
      yield {
        severity: 'error',
        path: `/usr/lib/systemd/system/${unit}`,
        message: 'the recipe declares this unit, and the image does not hold it',
        fix: 'add it to files/, "take" it from the download, or delete it from "services"',
      };
    }
    for (const [unit, { path, line }] of upheld) {
      if (exists(unit) || recipe?.services?.[unit] !== undefined) continue;
      yield {
        severity: 'warning',
        path: `/${path}`,
        message: `line ${line}: upholds ${unit}, which neither the image nor every host has`,
        fix: 'correct the name, or say in "requires" which extension brings the unit',
      };
    }
  },
};
