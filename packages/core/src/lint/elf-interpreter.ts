import { hostLoaders } from '../host/flatcar.ts';
import { lookUp } from './facts/lookup.ts';
import type { Rule } from './rule.ts';

/** The loaders of other C libraries (`/lib/ld-musl-x86_64.so.1`) are not on a Flatcar host. */
export const elfInterpreter: Rule = {
  name: 'elf-interpreter',
  summary: 'The loader a program asks for is on the host or in the image.',
  *check({ elves, tree }) {
    const known: readonly string[] = Object.values(hostLoaders);
    for (const [path, { interpreter }] of elves) {
      if (interpreter === undefined || known.includes(interpreter)) continue;
      const place = interpreter.startsWith('/') ? lookUp(tree, interpreter).kind : 'missing';
      if (place === 'image' || place === 'host') continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `asks for the loader ${interpreter}, which neither host nor image has: it does not start ("No such file or directory")`,
        fix: 'take a static build, or ship the loader and the libraries in a private directory below /usr/lib',
      };
    }
  },
};
