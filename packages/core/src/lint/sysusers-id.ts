import { hostGroups, hostUsers } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/** Source: sysusers.d(5): a fixed id that is taken is not used. */
export const sysusersId: Rule = {
  name: 'sysusers-id',
  summary: "Fixed ids of an image's users are not those of the host's own accounts.",
  *check({ accounts }) {
    for (const { type, name, id, path, line } of accounts) {
      if (id === undefined) continue;
      const taken = [...(type === 'u' ? hostUsers : hostGroups)].find(([other, its]) => its === id && other !== name);
      if (taken === undefined) continue;
      yield {
        severity: 'warning',
        path: `/${path}`,
        message: `line ${line}: ${name} asks for the id ${id}, which is ${taken[0]}'s on every host: it gets another one`,
        fix: 'write "-" instead of the id, or choose a free one below 1000',
      };
    }
  },
};
