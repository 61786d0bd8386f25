import { composeButane, renderButane } from '@sysext/core';
import { bootDeployed, describeIgnition } from '@sysext/ignition';
import { createNetwork, describeHost } from '@sysext/test-host';
import { createAuthority } from '@sysext/testing';
import { expect, test } from 'vitest';
import { image, login } from './nodes.ts';
import { PublishedEtcd, identity } from './published.ts';

describeIgnition('etcd, deployed by Butane and Ignition', () => {
  describeHost('on a host that boots for the first time', () => {
    // forky's systemd is newer than any Flatcar's; its root file system may have to be made first.
    test.each(['trixie', 'forky'] as const)(
      'serves over TLS and follows its repository: %s',
      { timeout: 600_000 },
      async (release) => {
        await using network = await createNetwork();
        await using repository = await PublishedEtcd.open(network.gateway, [image]);
        const own = await identity(await createAuthority(), 'node1');
        const fragment = await repository.deploy({ name: 'node1', address: 'node1', gomaxprocs: 2, ...own });
        const document = renderButane(composeButane([fragment]));
        await using host = await bootDeployed(document, { name: 'node1', network, release });

        await host.waitForUnit('etcd.service');
        await host.run(login('etcdctl put greeting hello'));
        expect((await host.run(login('etcdctl get greeting --print-value-only'))).stdout).toBe('hello');

        const files = ['/etc/etcd/etcd.env', '/etc/etcd/pki', '/etc/etcd/pki/server.key', '/opt/bin/sysext-update'];
        expect((await host.run(['stat', '-c', '%n %a %U:%G', ...files])).stdout.split('\n')).toEqual([
          '/etc/etcd/etcd.env 644 root:root',
          '/etc/etcd/pki 750 root:etcd',
          '/etc/etcd/pki/server.key 640 root:etcd',
          '/opt/bin/sysext-update 755 root:root',
        ]);

        const timer = 'sysext-update@etcd.timer';
        expect((await host.run(['systemctl', 'is-enabled', timer])).stdout).toBe('enabled');
        await host.waitForUnit(timer);
        // Signed, and with the keys that Ignition wrote: otherwise it fails.
        await host.run(['systemctl', 'start', 'sysext-update@etcd.service'], { timeout: 60_000 });
        expect(await host.journal('sysext-update@etcd.service')).toContain('is active, nothing to do');

        await host.reboot();
        await host.waitForUnit('etcd.service');
        await host.waitForUnit(timer);
        expect((await host.run(login('etcdctl get greeting --print-value-only'))).stdout).toBe('hello');
        // Links that are nobody's preset go all the same.
        await host.run(['systemctl', 'disable', '--now', timer, 'etcd.service']);
        const states = await host.run(['systemctl', 'is-enabled', timer, 'etcd.service'], { check: false });
        expect(states.stdout).toBe('disabled\ndisabled');
      },
    );
  });
});
