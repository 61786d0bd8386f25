import { lookUp } from './facts/lookup.ts';
import { findProgram } from './facts/programs.ts';
import type { Rule } from './rule.ts';

/** Flatcar has neither Python nor Perl in /usr; `env` looks a name up as a shell does. */
export const scriptInterpreter: Rule = {
  name: 'script-interpreter',
  summary: 'The interpreter in the first line of a script is on the host or in the image.',
  *check({ scripts, tree }) {
    for (const [path, words] of scripts) {
      const [interpreter = ''] = words;
      const viaEnv = interpreter.endsWith('/env') ? words.slice(1).find((word) => !word.startsWith('-')) : undefined;
      const wanted = viaEnv ?? interpreter;
      const found = wanted.startsWith('/')
        ? lookUp(tree, wanted).kind
        : findProgram(tree, wanted) === undefined
          ? 'missing'
          : 'image';
      if (found === 'image' || found === 'host') continue;
      yield {
        severity: /^usr\/(?:local\/)?s?bin\//.test(path) ? 'error' : 'warning',
        path: `/${path}`,
        message: `is a script for ${wanted === '' ? 'nothing' : wanted}, which neither host nor image has: it does not start`,
        fix: 'rewrite it for /usr/bin/bash, ship the interpreter, or "leave" the script out',
      };
    }
  },
};
