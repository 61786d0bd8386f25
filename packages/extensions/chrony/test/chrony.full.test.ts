import { describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import chrony from '../extension.ts';

describePayload('chrony', [{ extension: chrony }], (boot) => {
  test('serves time to a second host, in place of timesyncd', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    // The hosts' clock is this machine's: nobody is to set it.
    const untouched = { '/etc/systemd/system/chronyd.service.d/test.conf': '[Service]\nEnvironment=OPTIONS=-x\n' };
    await using server = await boot({
      name: 'server',
      network,
      files: { ...untouched, '/etc/chrony/conf.d/server.conf': 'local stratum 8\nallow all\n' },
    });
    await server.waitForUnit('chronyd.service');
    await using client = await boot({
      name: 'client',
      network,
      files: { ...untouched, '/etc/chrony/sources.d/server.sources': `server ${server.address} iburst\n` },
    });
    await client.waitForUnit('chronyd.service');
    await client.waitUntil(['chronyc', '-n', 'sources'], {
      accept: ({ stdout }) => stdout.includes(`^* ${server.address}`),
      timeout: 60_000,
    });
    expect((await client.run(['ps', '-o', 'user=', '-C', 'chronyd'])).stdout).toContain('chrony');
    const timesyncd = await client.run(['systemctl', 'is-active', 'systemd-timesyncd.service'], { check: false });
    expect(timesyncd.stdout).not.toBe('active');
  });
});
