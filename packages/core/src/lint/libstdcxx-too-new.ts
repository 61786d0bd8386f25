import { hostGccSymbols } from '../host/flatcar.ts';
import { baseName } from '../image-path.ts';
import { compareVersions } from '../version.ts';
import { bringsOwnGlibc } from './facts/loading.ts';
import type { Rule } from './rule.ts';

/** Symbol versions such as `GLIBCXX_3.4.32`; an image with a library of its own is not looked at. */
export const libstdcxxTooNew: Rule = {
  name: 'libstdcxx-too-new',
  summary:
    "Programs need no newer libstdc++ and libgcc than the oldest host's; with newer ones they do not start there.",
  *check(facts) {
    const brought = new Set([...facts.tree.keys()].map(baseName));
    for (const [path, elf] of facts.elves) {
      if (bringsOwnGlibc(facts, path, elf)) continue;
      const wanted = [...elf.versions].flatMap(([library, versions]) => (brought.has(library) ? [] : versions));
      const tooNew = wanted.filter(isTooNew).toSorted(compareVersions);
      if (tooNew.length === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `needs ${tooNew.join(', ')}, and the oldest host has the libraries of GCC 13.2: it does not start there`,
        fix: 'take a build made with an older GCC, or ship its libraries where the program looks for them (DT_RUNPATH)',
      };
    }
  },
};

function isTooNew(version: string): boolean {
  const [, set, number] = /^(GLIBCXX|CXXABI|GCC)_(\d[\d.]*)$/.exec(version) ?? [];
  const newest = set === undefined ? undefined : hostGccSymbols[set];
  return newest !== undefined && number !== undefined && compareVersions(number, newest) > 0;
}
