import { describePayload } from '@sysext/payload';
import { type Network, createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import keepalived from '../extension.ts';

const configurationPath = '/etc/keepalived/keepalived.conf';

describePayload('keepalived', [{ extension: keepalived }], (boot) => {
  test('waits for its configuration, and starts when it is written', async () => {
    await using network = await createNetwork();
    await using host = await boot({ network });
    await host.waitForUnit('keepalived.path');
    // Tried once, and not again and again.
    expect((await host.journal('keepalived.service')).match(/skipped/g)).toHaveLength(1);
    await host.write(configurationPath, configuration(network, 100));
    await host.waitForUnit('keepalived.service');
    await host.waitUntil(addresses, { accept: has(sharedAddress(network)) });
    // What it brings along is what runs: nothing of the host's libraries is in the process.
    const [pid] = (
      await host.run(['systemctl', 'show', '--property=MainPID', '--value', 'keepalived.service'])
    ).stdout.split('\n');
    const mapped = (await host.read(`/proc/${pid}/maps`)).match(/\/\S+\.so\S*/g) ?? [];
    expect(new Set(mapped.map((path) => path.replace(/[^/]+$/, '')))).toStrictEqual(new Set(['/usr/lib/keepalived/']));
  });

  test('once stopped, stays so until it is configured anew, merged anew or booted', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    await using host = await boot({ network, files: { [configurationPath]: configuration(network, 100) } });
    await host.waitForUnit('keepalived.service');
    const state = ['systemctl', 'show', '--property=ActiveState,Job', 'keepalived.service'];
    const stopped = { stdout: 'ActiveState=inactive\nJob=' };
    await host.run(['systemctl', 'stop', 'keepalived.service']);
    expect(await host.run(state)).toMatchObject(stopped);
    await host.run(['systemctl', 'daemon-reload']);
    expect(await host.run(state)).toMatchObject(stopped);
    await host.waitForUnit('keepalived.path');

    await host.write(configurationPath, configuration(network, 101));
    await host.waitForUnit('keepalived.service');

    await host.run(['systemd-sysext', 'unmerge']);
    await host.run(['systemctl', 'stop', 'keepalived.path', 'keepalived.service']);
    await host.run(['systemd-sysext', 'merge']);
    await host.waitForUnit('keepalived.service');

    await host.run(['systemctl', 'stop', 'keepalived.service']);
    await host.reboot();
    await host.waitForUnit('keepalived.service');

    // Masked, it is nobody's trouble.
    await host.run(['systemctl', 'mask', '--now', 'keepalived.service']);
    await host.write(configurationPath, configuration(network, 102));
    await host.waitForUnit('keepalived-configured.service', 'inactive');
    await host.waitForUnit('keepalived.path');
    await host.reboot();
    await host.waitForUnit('keepalived.path');
    await host.run(['systemctl', 'unmask', 'keepalived.service']);
    await host.write(configurationPath, configuration(network, 103));
    await host.waitForUnit('keepalived.service');
  });

  test('moves an address to the other host when one dies, and back', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    const shared = sharedAddress(network);
    const options = (name: string, priority: number) => ({
      name,
      network,
      files: { [configurationPath]: configuration(network, priority) },
    });
    await using first = await boot(options('first', 200));
    await using second = await boot(options('second', 100));
    // Nobody started them: the merge did.
    await first.waitForUnit('keepalived.service');
    await second.waitForUnit('keepalived.service');
    await first.waitUntil(addresses, { accept: has(shared) });
    await second.waitUntil(addresses, { accept: (shown) => !has(shared)(shown) });

    await first.crash();
    const crashed = performance.now();
    await second.waitUntil(addresses, { accept: has(shared), timeout: 10_000 });
    // Three advertisements of a second are missed, and a part of one by its priority.
    expect(performance.now() - crashed).toBeLessThan(6000);

    await first.boot();
    await first.waitUntil(addresses, { accept: has(shared) });
    await second.waitUntil(addresses, { accept: (shown) => !has(shared)(shown) });

    // A lower priority hands the address over.
    await first.write(configurationPath, configuration(network, 50));
    await first.run(['systemctl', 'reload', 'keepalived.service']);
    await second.waitUntil(addresses, { accept: has(shared) });
    await first.waitUntil(addresses, { accept: (shown) => !has(shared)(shown) });
    await first.write(configurationPath, configuration(network, 200));
    await first.run(['systemctl', 'reload', 'keepalived.service']);
    await first.waitUntil(addresses, { accept: has(shared) });

    // A configuration with an error is refused, and the running one stays.
    await first.write(configurationPath, 'vrrp_instance {');
    expect((await first.run(['systemctl', 'reload', 'keepalived.service'], { check: false })).exitCode).not.toBe(0);
    expect(await first.run(addresses)).toSatisfy(has(shared));

    // Who is stopped says so: the other does not wait.
    await first.run(['systemctl', 'mask', '--now', 'keepalived.service']);
    const stopped = performance.now();
    await second.waitUntil(addresses, { accept: has(shared) });
    expect(performance.now() - stopped).toBeLessThan(2000);
    expect(await first.run(addresses)).not.toSatisfy(has(shared));
  });

  test('brings an example that is in order', async () => {
    await using network = await createNetwork();
    await using host = await boot({ network });
    const example = '/usr/share/keepalived/keepalived.example.conf';
    await host.run(['keepalived', '--config-test', '--log-console', `--use-file=${example}`]);
  });

  test('runs scripts as a user of their own', async () => {
    await using network = await createNetwork();
    await using host = await boot({ network });
    await host.write('/opt/notify', '#!/bin/sh\nid --user --name >"/run/notify/$3"\n', { mode: 0o755 });
    await host.run(['install', '-d', '-o', 'keepalived_script', '/run/notify']);
    await host.write(configurationPath, configuration(network, 100, 'notify /opt/notify'));
    expect((await host.waitUntil(['grep', '.', '/run/notify/MASTER'])).stdout).toBe('keepalived_script');
  });

  test('exposes little', async () => {
    await using host = await boot();
    const unit = '/usr/lib/systemd/system/keepalived.service';
    expect(await host.run(['systemd-analyze', 'verify', unit])).toMatchObject({ stdout: '', stderr: '' });
    await host.run(['systemd-analyze', 'security', '--offline=true', '--threshold=50', '--no-pager', unit]);
  });
});

const addresses = ['ip', '-4', 'address', 'show'];

/** The address that hosts of a network share; above those that it gives to hosts. */
function sharedAddress(network: Network): string {
  return network.subnet.replace(/\.0\/24$/, '.200');
}

function has(address: string): (shown: { readonly stdout: string }) => boolean {
  return ({ stdout }) => stdout.includes(`${address}/`);
}

function configuration(network: Network, priority: number, extra = ''): string {
  return `global_defs {
    enable_script_security
}
vrrp_instance test {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority ${priority}
    advert_int 1
    virtual_ipaddress {
        ${sharedAddress(network)}/24
    }
    ${extra}
}
`;
}
