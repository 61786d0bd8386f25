import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { scratch } from './fixture.ts';
import { tool } from './tool.ts';

const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest'))), '..', 'vitest.mjs');

/** Runs a suite of one test as a root that may not mount anything. */
async function runPowerless(env: Readonly<Record<string, string>>) {
  await using dir = await scratch();
  await writeFile(
    join(dir.path, 'suite.test.ts'),
    `import { describeHost } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
     describeHost('a suite', () => { test('of one test', () => {}); });`,
  );
  const run = [process.execPath, vitest, 'run', '--globals', '--root', dir.path, '--reporter=verbose'];
  return await tool('setpriv', ['--bounding-set=-sys_admin', ...run], {
    env: { NO_COLOR: '1', CI: '', SYSEXT_REQUIRE_HOST_TESTS: '', ...env },
    reject: false,
  });
}

describe.runIf(process.getuid?.() === 0)('where no host can be booted', () => {
  test('a suite is skipped and says why', async () => {
    const { exitCode, stdout, stderr } = await runPowerless({});
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/↓ .*a suite \(may not make namespaces: .*\) > of one test/);
    expect(stderr).toContain('skipped, no host can be booted here (may not make namespaces');
  });

  test.each([{ CI: 'true' }, { SYSEXT_REQUIRE_HOST_TESTS: '1' }])('a suite fails with %o', async (env) => {
    const { exitCode, stdout, stderr } = await runPowerless(env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('1 failed');
    expect(stderr).toContain('host tests are required, but no host can be booted here: may not make namespaces');
  });
});
