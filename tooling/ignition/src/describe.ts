import { describe, test } from 'vitest';
import { programsMissing } from './programs.ts';

/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests, vitest/valid-describe-callback -- this defines suites on behalf of others */

/**
 * A `describe` for tests that run Butane or Ignition. Where they are not built, it is skipped and says why, unless
 * `CI` is set: then it fails.
 */
export function describeIgnition(name: string, fn: () => void): void {
  const reason = programsMissing();
  if (reason === undefined) describe(name, fn);
  else if (process.env['CI']) {
    test(name, () => {
      throw new Error(reason);
    });
  } else {
    process.stderr.write(`skipped (${reason}): ${name}\n`);
    describe.skip(`${name} (${reason})`, fn);
  }
}
