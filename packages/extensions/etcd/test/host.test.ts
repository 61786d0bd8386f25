import { bootHost, createNetwork, describeHost } from '@sysext/test-host';
import { expect, test } from 'vitest';
import { bootCluster, bootMember, image, login } from './nodes.ts';

describeHost('etcd on a host', () => {
  test('is merged at boot, and its user and directories are there', async () => {
    await using host = await bootHost({ images: { etcd: image } });
    const { stdout } = await host.run(['etcd', '--version']);
    expect(stdout).toContain('etcd Version: 3.5.21');
    expect((await host.run(['id', 'etcd'])).stdout.trim()).toBe('uid=232(etcd) gid=232(etcd) groups=232(etcd)');
    const owners = await host.run(['stat', '-c', '%n %a %U:%G', '/etc/etcd', '/etc/etcd/pki', '/var/lib/etcd']);
    expect(owners.stdout.trim().split('\n')).toEqual([
      '/etc/etcd 755 root:root',
      '/etc/etcd/pki 750 root:etcd',
      '/var/lib/etcd 700 etcd:etcd',
    ]);
    expect((await host.run(['systemctl', 'is-active', 'etcd.service'], { check: false })).stdout.trim()).toBe(
      'inactive',
    );
  });

  test('has a unit that systemd finds in order, and exposes little', async () => {
    await using host = await bootHost({ images: { etcd: image } });
    const unit = '/usr/lib/systemd/system/etcd.service';
    expect(
      await host.run(['systemd-analyze', 'verify', unit, '/usr/lib/systemd/system/etcd-setup.service']),
    ).toMatchObject({
      stdout: '',
      stderr: '',
    });
    const { stdout } = await host.run([
      'systemd-analyze',
      'security',
      '--offline=true',
      '--threshold=30',
      '--no-pager',
      unit,
    ]);
    expect(stdout).toMatch(/Overall exposure level for etcd\.service: [0-2]\.\d/);
  });

  test('does not start before it is configured, and says what is missing', async () => {
    await using host = await bootHost({ images: { etcd: image } });
    await host.run(['systemctl', 'start', 'etcd.service']);
    const { stdout } = await host.run(['systemctl', 'status', 'etcd.service'], { check: false });
    expect(stdout).toContain('Active: inactive (dead)');
    expect(await host.journal('etcd.service')).toContain(
      'unmet condition check ConditionPathExists=/etc/etcd/etcd.env',
    );
  });

  test('serves over TLS: put, get and watch', async () => {
    await using host = await bootMember();
    await host.run(['systemctl', 'start', 'etcd.service']);
    // From the first revision on, it sees the put however late it begins.
    const watching = await host.spawn(login('etcdctl watch greeting --rev=1'));
    await host.run(login('etcdctl put greeting hello'));
    expect((await host.run(login('etcdctl get greeting --print-value-only'))).stdout).toBe('hello');
    await watching.line(/^hello$/);
    const plain = await host.run(['curl', '--silent', '--insecure', 'https://127.0.0.1:2379/version'], {
      check: false,
    });
    expect(plain.exitCode).not.toBe(0);
  });

  test('keeps its data over a reboot and over a crash', async () => {
    await using host = await bootMember();
    await host.run(['systemctl', 'enable', '--now', 'etcd.service']);
    await host.run(login('etcdctl put reboot survived'));
    await host.reboot();
    await host.waitForUnit('etcd.service');
    await host.run(login('etcdctl put crash survived'));
    await host.crash();
    await host.boot();
    await host.waitForUnit('etcd.service');
    const { stdout } = await host.run(login('etcdctl get "" --prefix'));
    expect(stdout).toBe('crash\nsurvived\nreboot\nsurvived');
  });

  test('goes with an unmerge and comes back with a merge, data and all', async () => {
    await using host = await bootMember();
    await host.run(['systemctl', 'start', 'etcd.service']);
    await host.run(login('etcdctl put key value'));
    await host.run(['systemctl', 'stop', 'etcd.service']);
    await host.run(['systemd-sysext', 'unmerge']);
    expect((await host.run(['sh', '-c', 'command -v etcd'], { check: false })).exitCode).not.toBe(0);
    await host.run(['systemd-sysext', 'merge']);
    await host.run(['systemctl', 'start', 'etcd.service']);
    expect((await host.run(login('etcdctl get key --print-value-only'))).stdout).toBe('value');
  });

  test('merged on a running host that never saw it, it has its user and directories too', async () => {
    await using host = await bootHost({ files: { '/opt/extensions/etcd/etcd.raw': { from: image } } });
    await host.run(['ln', '-s', '/opt/extensions/etcd/etcd.raw', '/etc/extensions/etcd.raw']);
    await host.run(['systemd-sysext', 'merge']);
    await host.waitForUnit('etcd-setup.service');
    await host.run(['id', 'etcd']);
    expect((await host.run(['stat', '-c', '%U', '/var/lib/etcd'])).stdout.trim()).toBe('etcd');
  });
});

describeHost('a cluster of three', () => {
  test('loses no acknowledged write when its leader crashes, and takes it back', { timeout: 180_000 }, async () => {
    await using network = await createNetwork();
    await using hosts = await bootCluster(network);
    await Promise.all(hosts.map(async (host) => await host.run(['systemctl', 'enable', '--now', 'etcd.service'])));

    const status = await hosts[0]!.run(login('etcdctl endpoint status --write-out=fields'));
    const leader = hosts.find(({ name }) => isLeader(status.stdout, name))!;
    const survivor = hosts.find((host) => host !== leader)!;

    const writer = await survivor.spawn(
      login(
        'i=0; while :; do i=$((i + 1)); etcdctl put "key/$i" "$i" --command-timeout=5s >/dev/null 2>&1 && echo "$i"; done',
      ),
    );
    const acknowledgements = writer.lines();
    await skip(acknowledgements, 20);
    await leader.crash();
    await skip(acknowledgements, 20);
    await leader.boot();
    await leader.waitForUnit('etcd.service');
    await skip(acknowledgements, 20);
    const { stdout } = await writer.stop();
    const acknowledged = stdout.trim().split('\n');

    // Asked of the one that was away, it has to catch up before it answers (a linearizable read).
    const kept = await leader.run(
      login(`ETCDCTL_ENDPOINTS=https://${leader.name}:2379 etcdctl get key/ --prefix --print-value-only`),
    );
    const present = new Set(kept.stdout.split('\n').filter((line) => line !== ''));
    expect(acknowledged.filter((value) => !present.has(value))).toEqual([]);
    const health = await survivor.run(login('etcdctl endpoint health'));
    expect((health.stdout + health.stderr).match(/is healthy/g)).toHaveLength(3);
  });
});

/** Waits for so many lines. */
async function skip(lines: AsyncGenerator<string, void, undefined>, count: number): Promise<void> {
  for (let seen = 0; seen < count; seen++) expect((await lines.next()).done).toBe(false);
}

/** Whether the member of that name is the leader, by `etcdctl endpoint status --write-out=fields`. */
function isLeader(fields: string, name: string): boolean {
  const block = fields.split('\n\n').find((text) => text.includes(`//${name}:`)) ?? '';
  const value = (field: string): string | undefined => new RegExp(`^"${field}" : (\\d+)`, 'm').exec(block)?.[1];
  return value('MemberID') !== undefined && value('MemberID') === value('Leader');
}
