import { describePayload } from '@sysext/payload';
import type { Host } from '@sysext/test-host';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

/** Says something to the server as a client does, and resolves with what it says. */
async function talk(host: Host, lines: string): Promise<string> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/4222; printf "$1" >&3; timeout 2 cat <&3; true`;
  return (await host.run(['bash', '-c', script, 'talk', lines])).stdout;
}

describePayload('wasmcloud', [payload], (boot) => {
  test('its NATS server answers: a message comes to who subscribes', async () => {
    await using host = await boot();
    await host.waitForUnit('nats.service');
    await host.waitUntil(['curl', '--silent', '--fail', 'http://127.0.0.1:8222/healthz']);
    const said = await talk(
      host,
      'CONNECT {"verbose":false}\\r\\nSUB greeting 1\\r\\nPUB greeting 5\\r\\nhello\\r\\nPING\\r\\n',
    );
    expect(said).toContain('"version":"2.14.5"');
    expect(said).toContain('MSG greeting 1 5\r\nhello\r\n');
    const { stdout } = await host.run(['curl', '--silent', 'http://127.0.0.1:8222/jsz']);
    expect(JSON.parse(stdout)).toMatchObject({ config: { store_dir: '/var/lib/nats/jetstream' } });
    expect((await host.run(['ps', '-o', 'user=', '-C', 'nats-server'])).stdout.trim()).toBe('nats');
  });

  test('listens on loopback until an operator says otherwise', async () => {
    await using host = await boot({ files: { '/etc/nats/nats.conf': 'listen: "127.0.0.1:4333"\n' } });
    await host.waitForUnit('nats.service');
    await host.waitUntil(['bash', '-c', '</dev/tcp/127.0.0.1/4333']);
    expect((await host.run(['ss', '-ltnH'])).stdout).not.toContain(':4222');
  });
});
