import { join } from 'node:path';
import { build, composeButane, createContext, machineArch, renderButane } from '@sysext/core';
import { bootDeployed, describeIgnition } from '@sysext/ignition';
import { type Host, createNetwork, describeHost } from '@sysext/test-host';
import { createAuthority, temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import etcd from '../extension.ts';
import { image, login } from './nodes.ts';
import { PublishedEtcd, identity } from './published.ts';

const names = ['node1', 'node2', 'node3'];
const old = 'v3.5.21';
const next = 'v3.5.33';

/** The timer as it is, but that it does not wait for hours. */
const impatient =
  '[Timer]\nOnBootSec=\nOnUnitInactiveSec=\nOnActiveSec=1s\nOnUnitInactiveSec=3s\nAccuracySec=1ms\nRandomizedDelaySec=0\n';

/** Version of etcd that answers on a host itself. */
async function served(host: Host): Promise<string> {
  const status = `ETCDCTL_ENDPOINTS=https://${host.name}:2379 etcdctl endpoint status --write-out=fields`;
  const { stdout } = await host.run(login(status), { check: false });
  return /^"Version" : "(.*)"$/m.exec(stdout)?.[1] ?? 'none';
}

/** Times, in seconds of the kernel that all hosts share, between which etcd was not there: from its stop to its start. */
async function absences(host: Host): Promise<[from: number, to: number][]> {
  const lines = (await host.journal('etcd.service')).split('\n');
  const times = (what: RegExp): number[] =>
    lines.filter((line) => what.test(line)).map((line) => Number(/^\[\s*([\d.]+)\]/.exec(line)![1]));
  const stops = times(/ systemd\[1\]: Stopping etcd\.service/);
  const starts = times(/ systemd\[1\]: Started etcd\.service/);
  return stops.map((stop) => [stop, starts.find((start) => start > stop) ?? Infinity]);
}

describeIgnition('from a recipe to a fleet', () => {
  describeHost('three hosts that Butane and Ignition made', () => {
    test('follow a signed repository, one at a time, and are rolled back', { timeout: 600_000 }, async () => {
      await using network = await createNetwork();
      await using stack = new AsyncDisposableStack();
      const repository = stack.use(await PublishedEtcd.open(network.gateway, [image]));
      const authority = await createAuthority();
      const initialCluster = Object.fromEntries(names.map((name) => [name, `https://${name}:2380`]));
      const deployed = await Promise.allSettled(
        names.map(async (name) => {
          const member = { name, address: name, initialCluster, ...(await identity(authority, name)) };
          const document = renderButane(composeButane([await repository.deploy(member)]));
          const files = { '/etc/systemd/system/sysext-update@etcd.timer.d/soon.conf': impatient };
          return stack.use(await bootDeployed(document, { name, network, files }));
        }),
      );
      const hosts = deployed.map((end) => {
        if (end.status === 'rejected') throw end.reason;
        return end.value;
      });
      for (const host of hosts) await host.waitForUnit('etcd.service');
      expect(await Promise.all(hosts.map(served))).toEqual(names.map(() => old.slice(1)));

      const loop = 'i=0; while :; do i=$((i + 1)); etcdctl put "key/$i" "$i" >/dev/null 2>&1 && echo "$i"; done';
      const writer = await hosts[0]!.spawn(login(loop));
      await writer.line(/^10$/, { timeout: 30_000 });

      const output = stack.use(await temporaryDirectory()).path;
      const options = {
        arches: [machineArch()!],
        version: next,
        output: join(output, 'dist'),
        profile: 'fast' as const,
      };
      const [built] = await build(createContext(), etcd, options);
      await repository.publish([built!.image]);
      for (const host of hosts) {
        const linked = ['sh', '-c', `readlink /etc/extensions/etcd.raw | grep ${next}`];
        await host.waitUntil(linked, { timeout: 180_000 });
      }
      // The unit of the last one may still be at work, and holds the lock until its member is back.
      for (const host of hosts) {
        await host.waitUntil(login('etcdctl endpoint health'), { timeout: 60_000 });
        await host.run(['systemctl', 'start', 'sysext-update@etcd.service'], { timeout: 120_000 });
        expect(await served(host)).toBe(next.slice(1));
      }

      const away = (await Promise.all(hosts.map(absences))).flat().toSorted(([a], [b]) => a - b);
      expect(away).toHaveLength(3);
      for (const [at, [from]] of away.entries()) expect(from).toBeGreaterThan(away[at - 1]?.[1] ?? 0);

      const acknowledged = (await writer.stop()).stdout.trim().split('\n');
      const everything = login('etcdctl get key/ --prefix --print-value-only');
      const kept = new Set((await hosts[2]!.run(everything)).stdout.split('\n'));
      expect(acknowledged.length).toBeGreaterThan(10);
      expect(acknowledged.filter((value) => !kept.has(value))).toEqual([]);

      await repository.yank(next, 'the test says so');
      for (const host of hosts) {
        const before = `/opt/extensions/etcd/etcd-${old}-${machineArch()}.raw`;
        await host.run(['ln', '-sfn', before, '/etc/extensions/etcd.raw']);
        await host.run(['systemctl', 'restart', 'systemd-sysext.service']);
        await host.run(['systemctl', 'restart', 'etcd.service'], { timeout: 60_000 });
        expect(await served(host)).toBe(old.slice(1));
      }
      for (const host of hosts) {
        await host.run(['systemctl', 'start', 'sysext-update@etcd.service'], { timeout: 60_000 });
        expect(await served(host)).toBe(old.slice(1));
      }
      expect(new Set((await hosts[0]!.run(everything)).stdout.split('\n'))).toEqual(kept);
    });
  });
});
