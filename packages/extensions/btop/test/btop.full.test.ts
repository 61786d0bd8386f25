import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import btop from '../extension.ts';

describePayload('btop', [{ extension: btop }], (boot) => {
  test('prints its version', async () => {
    await using host = await boot();
    const { stdout, stderr } = await host.run(['btop', '--version']);
    expect(stdout + stderr).toContain('1.3.2');
  });
});
