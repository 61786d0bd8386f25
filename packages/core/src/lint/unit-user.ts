import { hostGroups, hostUsers } from '../host/flatcar.ts';
import { isYes, unitSettings, unitValue } from '../unit-file.ts';
import type { Rule } from './rule.ts';

/** Source: User= and Group= in systemd.exec(5). */
export const unitUser: Rule = {
  name: 'unit-user',
  summary: 'Users and groups that units run as are of the host, or made by the image.',
  *check({ units, accounts, recipe }) {
    const made = (types: string): Set<string> =>
      new Set(accounts.filter(({ type }) => types.includes(type)).map(({ name }) => name));
    const known = {
      User: { image: made('u'), host: hostUsers },
      // A user's line makes a group of the same name.
      Group: { image: made('ug'), host: hostGroups },
    };
    for (const unit of units) {
      if (isYes(unitValue(unit, 'Service', 'DynamicUser'))) continue;
      for (const [key, { image, host }] of Object.entries(known)) {
        const setting = unitSettings(unit, 'Service', key).at(-1);
        const name = setting?.value ?? '';
        if (setting === undefined || /^\d+$|%/.test(name) || image.has(name) || host.has(name)) continue;
        yield {
          // An extension that has to be there too may bring the account.
          severity: recipe?.requires === undefined ? 'error' : 'warning',
          path: `/${setting.path}`,
          message: `line ${setting.line}: ${key}=${name}, which no sysusers.d file of the image makes and hosts do not have: the unit fails`,
          fix: `add usr/lib/sysusers.d/${name}.conf with a line "${key === 'User' ? 'u' : 'g'} ${name} -", or set DynamicUser=yes`,
        };
      }
    }
  },
};
