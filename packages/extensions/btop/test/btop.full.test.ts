import { describePayload } from '@sysext/payload';
import { Terminal } from '@sysext/test-host';
import { expect, test } from 'vitest';
import btop from '../extension.ts';

describePayload('btop', [{ extension: btop }], (boot) => {
  test('prints its version', async () => {
    await using host = await boot();
    const { stdout, stderr } = await host.run(['btop', '--version']);
    expect(stdout + stderr).toContain('1.3.2');
  });

  test('shows the processes of the host, and ends', async () => {
    await using host = await boot();
    await using terminal = await Terminal.start(host, 'btop');
    expect(await terminal.shows('systemd')).toContain('mem');
    await terminal.types('q');
    expect(await terminal.ended()).toBe(0);
  });
});
