import { baseName } from '../image-path.ts';
import { isTmpfilesPath } from './facts.ts';
import type { Rule } from './rule.ts';

/** At boot systemd-tmpfiles runs after the merge; a live refresh runs nothing (systemd-sysext.service). */
export const tmpfilesNotRun: Rule = {
  name: 'tmpfiles-not-run',
  summary:
    'Where an image declares files in tmpfiles.d, one of its units runs systemd-tmpfiles for them: a live refresh does not.',
  *check({ tree, commands }) {
    const runs = commands.some(({ commands: parsed }) =>
      parsed?.some(({ program }) => baseName(program) === 'systemd-tmpfiles'),
    );
    if (runs) return;
    for (const path of tree.keys()) {
      if (!isTmpfilesPath(path)) continue;
      yield {
        severity: 'warning',
        path: `/${path}`,
        message: 'a running host that merges the image does not read it: the files are missing until the next boot',
        fix: 'run systemd-tmpfiles --create from a unit that starts before the others (a build makes NAME-setup.service)',
      };
    }
  },
};
