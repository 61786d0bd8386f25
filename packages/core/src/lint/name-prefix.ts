import type { Rule } from './rule.ts';

/** Source: MatchPattern= in sysupdate.d(5): `docker-@v` also matches `docker-compose-2.29.1`. */
export const namePrefix: Rule = {
  name: 'name-prefix',
  summary: 'Where one name begins another (docker, docker-compose), the two are not published in one directory.',
  *check({ name, siblings }) {
    for (const sibling of siblings ?? []) {
      const [shorter, longer] = name.length < sibling.length ? [name, sibling] : [sibling, name];
      if (!longer.startsWith(`${shorter}-`)) continue;
      yield {
        severity: 'warning',
        message: `in one SHA256SUMS, the pattern ${shorter}-@v also matches images of ${longer}`,
        fix: 'publish each extension with a SHA256SUMS of its own, as "sysext publish" does',
      };
    }
  },
};
