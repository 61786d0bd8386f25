import { templateOf } from './facts/units.ts';
import type { Rule } from './rule.ts';

/** Merging evaluates no `[Install]` section: that takes `systemctl enable` (systemd-sysext(8)). */
export const unitUndeclared: Rule = {
  name: 'unit-undeclared',
  summary: 'For every unit it is said what starts it: the merge, another unit, or an operator.',
  *check({ units, started, recipe }) {
    const declared = new Set(Object.keys(recipe?.services ?? {}).map(templateOf));
    for (const { name, path } of units) {
      if (path === undefined || !/\.(?:service|socket|timer|path)$/.test(name)) continue;
      if (started.has(name) || declared.has(name)) continue;
      yield {
        severity: recipe === undefined ? 'warning' : 'error',
        path: `/${path}`,
        message: 'nothing in the image starts it, and a merge enables no unit by its [Install] section',
        fix: `declare services: { '${name}': { start: 'on-merge' } }, or with 'when-configured' or 'manual' when it needs an operator first`,
      };
    }
  },
};
