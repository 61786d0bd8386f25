import { nameProblem } from '../recipe.ts';
import { isReservedName } from './name-reserved.ts';
import type { Rule } from './rule.ts';

/**
 * `_` and `+` cut the name when systemd looks for the release file; `,` and `:` separate layers of
 * the overlay mount.
 */
export const nameCharacters: Rule = {
  name: 'name-characters',
  summary:
    'Names consist of lower-case letters, digits and "-"; some other characters abort the merge of every extension.',
  *check({ name }) {
    const problem = nameProblem(name);
    if (problem === undefined || isReservedName(name)) return;
    const harmful = name === '' || /[^A-Za-z0-9.-]/.test(name);
    yield {
      severity: harmful ? 'error' : 'warning',
      message: `the name ${JSON.stringify(name)}: ${problem}${/[,:]/.test(name) ? '; this one aborts the merge of every extension on the host' : ''}`,
      fix: 'rename the extension, its release file and its link',
    };
  },
};
