import { hostUsers } from '../host/flatcar.ts';
import { baseName } from '../image-path.ts';
import { unitValue } from '../unit-file.ts';
import { isSysusersPath } from './facts.ts';
import type { Rule } from './rule.ts';

/**
 * Before Flatcar 4628 hosts run systemd-sysusers before extensions are merged, and no host runs it
 * on a live refresh.
 */
export const sysusersNotRun: Rule = {
  name: 'sysusers-not-run',
  summary: 'Where an image declares users, one of its units runs systemd-sysusers for them: a merge does not.',
  *check({ tree, commands, units, accounts }) {
    const runs = commands.some(({ commands: parsed }) =>
      parsed?.some(({ program }) => baseName(program) === 'systemd-sysusers'),
    );
    if (runs) return;
    const users = new Set(units.map((unit) => unitValue(unit, 'Service', 'User')));
    for (const path of [...tree.keys()].filter(isSysusersPath)) {
      const awaited = accounts.find(
        (account) => account.path === path && users.has(account.name) && !hostUsers.has(account.name),
      );
      yield {
        severity: awaited === undefined ? 'warning' : 'error',
        path: `/${path}`,
        message: `hosts do not read it when they merge the image${awaited === undefined ? '' : `: units that run as ${awaited.name} fail`}`,
        fix: 'run systemd-sysusers from a unit that starts before the others (a build makes NAME-setup.service), or set DynamicUser=yes',
      };
    }
  },
};
