import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

const settings = 'server = true\nbootstrap_expect = 1\nbind_addr = "127.0.0.1"\n';

describePayload('consul', [payload], (boot) => {
  test('starts once it is configured, and keeps values over a reboot', { timeout: 120_000 }, async () => {
    await using host = await boot();
    await host.waitForUnit('consul.path');
    expect((await host.run(['consul', 'version'])).stdout).toContain('Consul v1.22.7');
    await host.waitForUnit('consul.service', 'inactive');
    await host.write('/etc/consul.d/consul.hcl', settings, { mode: 0o640, gid: 851 });
    await host.waitForUnit('consul.service');
    await host.waitUntil(['consul', 'kv', 'put', 'greeting', 'hello']);
    expect((await host.run(['ps', '-o', 'user=', '-C', 'consul'])).stdout.trim()).toBe('consul');
    await host.reboot();
    const got = await host.waitUntil(['consul', 'kv', 'get', 'greeting']);
    expect(got.stdout).toBe('hello');
  });
});
