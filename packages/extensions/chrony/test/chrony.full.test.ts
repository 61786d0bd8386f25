import { describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import chrony from '../extension.ts';
import { ChronyParameters } from '../parameters.ts';
import { provision } from '../provision.ts';

/** What a deployment writes. */
const deployed = (parameters: z.input<typeof ChronyParameters>): Record<string, string> =>
  Object.fromEntries(provision(ChronyParameters.parse(parameters)).files.map(({ path, text }) => [path, text]));

/** Flatcar's own, which starts at every boot; test hosts have none. */
const timesyncd = {
  '/etc/systemd/system/systemd-timesyncd.service':
    '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep infinity\n',
  '/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service': { link: '../systemd-timesyncd.service' },
};

describePayload('chrony', [{ extension: chrony }], (boot) => {
  test('serves time to a second host, in place of timesyncd', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    // The hosts' clock is this machine's: nobody is to set it.
    const untouched = {
      ...timesyncd,
      '/etc/systemd/system/chronyd.service.d/test.conf': '[Service]\nEnvironment=OPTIONS=-x\n',
    };
    await using server = await boot({
      name: 'server',
      network,
      files: {
        ...untouched,
        ...deployed({ allow: [network.subnet] }),
        // It has no time from elsewhere here.
        '/etc/chrony/conf.d/local.conf': 'local stratum 8\n',
      },
    });
    await server.waitForUnit('chronyd.service');
    await using client = await boot({
      name: 'client',
      network,
      files: { ...untouched, ...deployed({ servers: [{ address: server.address }] }) },
    });
    await client.waitForUnit('chronyd.service');
    await client.waitUntil(['chronyc', '-n', 'sources'], {
      accept: ({ stdout }) => stdout.includes(`^* ${server.address}`),
      timeout: 60_000,
    });
    // Servers that are given take the place of the pool, whose name nobody knows here.
    expect((await client.run(['chronyc', 'activity'])).stdout).toContain('\n0 sources with unknown address');
    expect((await server.run(['chronyc', 'activity'])).stdout).not.toContain('\n0 sources with unknown address');
    // Its command socket and its state are its own.
    await client.run(['chronyc', 'reload', 'sources']);
    await client.run(['chronyc', 'dump']);
    expect((await client.run(['ls', '/var/lib/chrony'])).stdout).toContain('.dat');
    expect(await client.journal('chronyd.service')).not.toContain('Wrong');
    expect((await client.run(['ps', '-o', 'user=', '-C', 'chronyd'])).stdout).toContain('chrony');
    const state = ['systemctl', 'show', '--property=LoadState,ActiveState', 'systemd-timesyncd.service'];
    expect((await client.run(state)).stdout).toBe('LoadState=loaded\nActiveState=inactive');
    expect((await client.run(['chronyd', '--version'])).stdout).toContain('+NTS');
  });
});
