import { join } from 'node:path';
import { bootHost, describeHost } from '@sysext/test-host';
import { expect, test } from 'vitest';

const unit = join(import.meta.dirname, '..', 'files', 'usr', 'lib', 'systemd', 'system', 'dataplaneapi.service');
const standIn = '[Service]\nExecStart=/usr/bin/sleep infinity\n';

describeHost('dataplaneapi', () => {
  test('brings HAProxy up, and outlives the restarts that it asks for', async () => {
    await using host = await bootHost({
      files: {
        '/etc/systemd/system/dataplaneapi.service': { from: unit },
        '/etc/systemd/system/dataplaneapi.service.d/stand-in.conf': standIn.replace('Exec', 'ExecStart=\nExec'),
        '/etc/systemd/system/haproxy.service': standIn,
        '/etc/dataplaneapi/dataplaneapi.yml': '',
      },
    });
    const process = async (name: string): Promise<string> =>
      (await host.run(['systemctl', 'show', '--property=MainPID', '--value', name])).stdout.trim();
    await host.run(['systemctl', 'start', 'dataplaneapi.service']);
    await host.waitForUnit('haproxy.service');
    const [api, proxy] = [await process('dataplaneapi.service'), await process('haproxy.service')];
    await host.run(['systemctl', 'restart', 'haproxy.service']);
    expect(await process('haproxy.service')).not.toBe(proxy);
    expect(await process('dataplaneapi.service')).toBe(api);
    expect(api).not.toBe('0');
  });
});
