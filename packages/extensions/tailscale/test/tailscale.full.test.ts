import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import tailscale from '../extension.ts';

describePayload('tailscale', [{ extension: tailscale }], (boot) => {
  test('starts with the merge, and waits for somebody who logs in', async () => {
    await using host = await boot();
    await host.waitForUnit('tailscaled.service');
    const { stdout } = await host.run(['tailscale', 'version', '--daemon']);
    expect(stdout).toMatch(/^Client: 1\.102\.4$/m);
    expect(stdout).toMatch(/^Daemon: 1\.102\.4$/m);
    const status = await host.run(['tailscale', 'status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ BackendState: 'NeedsLogin', TUN: true });
    expect((await host.run(['ip', 'link', 'show', 'tailscale0'])).stdout).toContain('tailscale0');
    expect((await host.run(['stat', '-c', '%a', '/var/lib/tailscale'])).stdout).toBe('700');
  });

  test("an operator's port and flags count", async () => {
    const settings = 'PORT="41000"\nFLAGS="--tun=userspace-networking"\n';
    await using host = await boot({ files: { '/etc/default/tailscaled': settings } });
    await host.waitForUnit('tailscaled.service');
    expect(JSON.parse((await host.run(['tailscale', 'status', '--json'])).stdout)).toMatchObject({ TUN: false });
    expect((await host.run(['ss', '-lunH'])).stdout).toContain(':41000');
  });
});
