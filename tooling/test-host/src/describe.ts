import { beforeAll, describe, test } from 'vitest';
import { hostTestsPossible } from './possible.ts';
import { ensureRootfs } from './rootfs.ts';

/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests, vitest/valid-describe-callback -- this defines suites on behalf of others */

/**
 * A vitest suite of tests that boot hosts. Each may take a minute, and the root file system is
 * built before the first.
 *
 * Where hosts cannot be booted, it is skipped and says why on standard error and in its name,
 * unless `CI` is set, or `SYSEXT_REQUIRE_HOST_TESTS` to 1: then it fails.
 */
export function describeHost(name: string, fn: () => void): void {
  const reason = hostTestsPossible();
  if (reason === undefined) {
    describe(name, { timeout: 60_000 }, () => {
      beforeAll(async () => void (await ensureRootfs()), 600_000);
      fn();
    });
  } else if (process.env['CI'] || process.env['SYSEXT_REQUIRE_HOST_TESTS'] === '1') {
    test(name, () => {
      throw new Error(`host tests are required, but no host can be booted here: ${reason}`);
    });
  } else {
    process.stderr.write(`skipped, no host can be booted here (${reason}): ${name}\n`);
    describe.skip(`${name} (${reason})`, fn);
  }
}
