import { missingLibraries } from './facts/loading.ts';
import type { Rule } from './rule.ts';

/**
 * A library of the host that is neither glibc's nor GCC's is not counted on: which there are differs between
 * channels. An image pinned to a release may use what that release has.
 */
export const sharedLibraryMissing: Rule = {
  name: 'shared-library-missing',
  summary:
    'Every shared library a program needs is in the image where the loader finds it, or belongs to glibc or GCC.',
  *check(facts) {
    for (const { path, library, loadedBy, isOfOtherGlibc } of missingLibraries(facts)) {
      if (isOfOtherGlibc) {
        yield {
          severity: 'error',
          path: `/${path}`,
          message: `needs ${library} and runs on the glibc in the image; the host's ${library} belongs to another one`,
          fix: 'ship the library beside the loader, or leave the loader to the host',
        };
        continue;
      }
      if (facts.pinnedTo !== undefined) continue;
      yield {
        severity: loadedBy === undefined ? 'warning' : 'error',
        path: `/${path}`,
        message: `needs ${library}, which the image does not hold where the loader looks and hosts may not have`,
        fix: 'take a static build; or ship the library, with a DT_RUNPATH such as $ORIGIN/../lib/NAME in the program; or pin the image to a release (--os flatcar:VERSION_ID)',
      };
    }
  },
};
