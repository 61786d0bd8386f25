import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import tilde from '../extension.ts';

describePayload('tilde', [{ extension: tilde }], (boot) => {
  test('prints its version', async () => {
    await using host = await boot();
    const { stdout, stderr } = await host.run(['tilde', '--version']);
    expect(stdout + stderr).toContain('1.1.2');
  });
});
