import type { Rule } from './rule.ts';

/** Source: tmpfiles.d(5): `C` copies where nothing is, and never again. */
export const tmpfilesCopy: Rule = {
  name: 'tmpfiles-copy',
  summary: 'No tmpfiles.d line copies a default to the host: the copy would stay as it is when the image is updated.',
  *check({ tmpfiles }) {
    for (const { path, line, type, target } of tmpfiles) {
      if (!type.startsWith('C')) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `line ${line} copies a default to ${target}: no update of the image reaches a host that has the copy`,
        fix: 'link it, "L /etc/… - - - - /usr/share/…": the link follows updates, and an operator replaces it by a file',
      };
    }
  },
};
