import { type Boot, describePayload } from '@sysext/payload';
import { type HostOptions, createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import nebula from '../extension.ts';

const addresses = { lighthouse: '192.168.100.1', node: '192.168.100.2' };
type Name = keyof typeof addresses;

describePayload('nebula', [{ extension: nebula }], (boot) => {
  test('waits for its configuration, and starts when it is written', async () => {
    await using host = await boot();
    await host.waitForUnit('nebula.path');
    await host.waitForUnit('nebula.service', 'inactive');
    expect((await host.run(['stat', '-c', '%a', '/etc/nebula'])).stdout).toBe('700');
    const { lighthouse } = await sign(boot);
    for (const [path, file] of Object.entries(lighthouse)) await host.write(path, file);
    await host.write('/etc/nebula/config.yaml', configuration('lighthouse'));
    await host.waitForUnit('nebula.service');
    expect((await host.run(['ip', 'address', 'show', 'dev', 'nebula1'])).stdout).toContain(addresses.lighthouse);
  });

  test('tries a broken first configuration ever more slowly, and starts with the corrected one', async () => {
    await using host = await boot();
    await host.write('/etc/nebula/config.yaml', 'nonsense\n');
    const next = ['systemctl', 'show', '-P', 'RestartUSecNext', 'nebula.service'];
    await host.waitUntil(next, { accept: ({ stdout }) => Number.parseFloat(stdout) > 6 });
    const { lighthouse } = await sign(boot);
    for (const [path, file] of Object.entries(lighthouse)) await host.write(path, file);
    await host.write('/etc/nebula/config.yaml', configuration('lighthouse'));
    await host.waitForUnit('nebula.service');
    // A crash later on is no reason for a long delay.
    expect((await host.run(next)).stdout).toBe('5s');
  });

  test('is alone with its interface after a merge beside a systemd-networkd that takes every other', async () => {
    const { lighthouse } = await sign(boot);
    const all = '[Match]\nType=none\n[Network]\nDHCP=yes\n';
    await using host = await boot({ files: { ...lighthouse, '/etc/systemd/network/zz-default.network': all } });
    await host.run(['systemd-sysext', 'unmerge']);
    await host.run(['systemctl', 'start', 'systemd-networkd.service']);
    await host.run(['systemd-sysext', 'merge']);
    await host.write('/etc/nebula/config.yaml', configuration('lighthouse'));
    await host.waitForUnit('nebula.service');
    await host.waitUntil(['networkctl', 'status', 'nebula1'], { accept: ({ stdout }) => stdout.includes('unmanaged') });
  });

  test('builds a tunnel between two hosts, and builds it again after a reboot', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    const certificates = await sign(boot);
    const options = (name: Name): Omit<HostOptions, 'images'> => ({
      name,
      network,
      files: { ...certificates[name], '/etc/nebula/config.yaml': configuration(name) },
    });
    await using lighthouse = await boot(options('lighthouse'));
    await using node = await boot(options('node'));
    // Nobody started it: the merge did.
    await lighthouse.waitForUnit('nebula.service');
    await node.waitForUnit('nebula.service');
    const ping = ['ping', '-c', '1', '-W', '1', addresses.lighthouse];
    await node.waitUntil(ping);
    expect((await node.run(['ip', 'route', 'get', addresses.lighthouse])).stdout).toContain('dev nebula1');
    // The lighthouse lets in nothing else; the packet goes through the tunnel and gets no answer.
    const other = ['curl', '--silent', '--max-time', '2', `http://${addresses.lighthouse}/`];
    expect((await node.run(other, { check: false })).exitCode).toBe(28);

    await node.run(['systemctl', 'reload', 'nebula.service']);
    await node.waitUntil(ping);
    await node.reboot();
    await node.waitUntil(ping);
    await lighthouse.run(['systemctl', 'mask', '--now', 'nebula.service']);
    expect((await node.run(ping, { check: false })).exitCode).not.toBe(0);
  });

  test('exposes little', async () => {
    await using host = await boot();
    const unit = '/usr/lib/systemd/system/nebula.service';
    expect(await host.run(['systemd-analyze', 'verify', unit])).toMatchObject({ stdout: '', stderr: '' });
    await host.run(['systemd-analyze', 'security', '--offline=true', '--threshold=40', '--no-pager', unit]);
  });
});

/** An authority and the certificates of the two, made by the image's own tool. */
async function sign(boot: Boot): Promise<Record<Name, Record<string, string>>> {
  await using host = await boot();
  const authority = (action: string): string[] => [
    `-${action}-crt`,
    '/etc/nebula/ca.crt',
    `-${action}-key`,
    '/root/ca.key',
  ];
  await host.run(['nebula-cert', 'ca', '-name', 'test', ...authority('out')]);
  const files = async (name: Name): Promise<Record<string, string>> => {
    const [crt, key] = [`/root/${name}.crt`, `/root/${name}.key`];
    const identity = ['-name', name, '-networks', `${addresses[name]}/24`, '-out-crt', crt, '-out-key', key];
    await host.run(['nebula-cert', 'sign', ...authority('ca'), ...identity]);
    return {
      '/etc/nebula/ca.crt': await host.read('/etc/nebula/ca.crt'),
      '/etc/nebula/host.crt': await host.read(crt),
      '/etc/nebula/host.key': await host.read(key),
    };
  };
  return { lighthouse: await files('lighthouse'), node: await files('node') };
}

function configuration(name: Name): string {
  const lighthouse = name === 'lighthouse';
  return JSON.stringify({
    pki: { ca: '/etc/nebula/ca.crt', cert: '/etc/nebula/host.crt', key: '/etc/nebula/host.key' },
    static_host_map: { [addresses.lighthouse]: ['lighthouse:4242'] },
    lighthouse: lighthouse ? { am_lighthouse: true } : { interval: 1, hosts: [addresses.lighthouse] },
    listen: { host: '0.0.0.0', port: 4242 },
    tun: { dev: 'nebula1' },
    firewall: {
      outbound: [{ port: 'any', proto: 'any', host: 'any' }],
      inbound: lighthouse ? [{ port: 'any', proto: 'icmp', host: 'node' }] : [],
    },
  });
}
