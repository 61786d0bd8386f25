import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import haproxy from '../extension.ts';

const config = `global
    user haproxy
    group haproxy
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind 127.0.0.1:8000
    use_backend even if { path -m reg ^/item/[0-9]*[02468]$ }
    default_backend odd
backend even
    http-request return status 200 content-type text/plain string even
backend odd
    balance roundrobin
    server one 127.0.0.1:8001
    server two 127.0.0.1:8002
frontend one
    bind 127.0.0.1:8001
    http-request return status 200 content-type text/plain string one
frontend two
    bind 127.0.0.1:8002
    http-request return status 200 content-type text/plain string two
`;

describePayload('haproxy', [{ extension: haproxy }], (boot) => {
  test('balances by a regular expression, once it is configured, and refuses a broken configuration', async () => {
    await using host = await boot();
    await host.waitForUnit('haproxy.path');
    await host.run(['haproxy', '-c', '-q', '-f', '/usr/share/haproxy/haproxy.example.cfg']);
    await host.write('/etc/haproxy/haproxy.cfg', config);
    await host.waitForUnit('haproxy.service');
    const get = async (path: string): Promise<string> => {
      const request = `exec 3<>/dev/tcp/127.0.0.1/8000; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
      return (await host.run(['bash', '-c', request])).stdout.split('\n').at(-1)!;
    };
    expect(await get('/item/12')).toBe('even');
    // In turn.
    expect([await get('/item/13'), await get('/item/13')].toSorted()).toEqual(['one', 'two']);
    await host.write('/etc/haproxy/haproxy.cfg', 'nonsense\n');
    const reload = await host.run(['systemctl', 'reload', 'haproxy.service'], { check: false });
    expect(reload.exitCode).not.toBe(0);
    expect(await get('/item/14')).toBe('even');
  });

  test('tries a broken first configuration ever more slowly, and starts with the corrected one', async () => {
    await using host = await boot();
    const show = async (property: string): Promise<string> =>
      (await host.run(['systemctl', 'show', '-P', property, 'haproxy.service'])).stdout;
    await host.write('/etc/haproxy/haproxy.cfg', 'nonsense\n');
    await host.waitUntil(['systemctl', 'show', '-P', 'RestartUSecNext', 'haproxy.service'], {
      accept: ({ stdout }) => Number.parseFloat(stdout) > 6,
    });
    await host.write('/etc/haproxy/haproxy.cfg', config);
    await host.waitForUnit('haproxy.service');
    // A crash later on is no reason for a long delay.
    expect([await show('NRestarts'), await show('RestartUSecNext')]).toEqual(['0', '3s']);
  });

  test('exposes little', async () => {
    await using host = await boot();
    const unit = '/usr/lib/systemd/system/haproxy.service';
    expect(await host.run(['systemd-analyze', 'verify', unit])).toMatchObject({ stdout: '', stderr: '' });
    await host.run(['systemd-analyze', 'security', '--offline=true', '--threshold=30', '--no-pager', unit]);
  });
});
