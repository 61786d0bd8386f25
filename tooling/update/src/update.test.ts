import { readFile } from 'node:fs/promises';
import { createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import { type DemoOptions, demoFile } from './demo.ts';
import { Follower } from './follower.ts';
import { describeReleases } from './releases.ts';

const at = (version: string): object => ({ link: version, merged: version });

describeReleases('a host that follows a repository', (release) => {
  test('moves to the newest version, restarts what runs, and keeps the image before', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    const [old, next, newest] = [await follower.make('1.0'), await follower.make('1.0-1'), await follower.make('1.1')];
    const process = async (): Promise<string> =>
      (await host.run(['systemctl', 'show', '--property=MainPID', '--value', 'demo.service'])).stdout;
    await host.waitForUnit('demo.service');
    const before = await process();

    await shelf.offer(old, next, newest);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
    await host.waitForUnit('demo.service');
    expect(await process()).not.toBe(before);
    expect(await follower.installed()).toEqual([demoFile('1.0'), demoFile('1.1')]);

    const asked = shelf.requests.length;
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(shelf.requests.slice(asked)).toEqual(['SHA256SUMS']);
    expect(await follower.log()).toContain('nothing to do');
    await host.reboot();
    expect(await follower.state()).toEqual(at('1.1'));
  });

  test('has the users, directories and defaults of the new image, and keeps what an operator wrote', async () => {
    const demo = (text: string, tmpfiles = '', users = ''): DemoOptions => ({
      files: {
        'usr/share/demo/demo.conf': text,
        'usr/lib/tmpfiles.d/demo.conf': `d /etc/demo\nL /etc/demo/demo.conf - - - - /usr/share/demo/demo.conf\n${tmpfiles}`,
        ...(users === '' ? {} : { 'usr/lib/sysusers.d/demo.conf': users }),
        ...(users === '' ? {} : { 'usr/lib/systemd/system/demo.service.d/user.conf': '[Service]\nUser=demo\n' }),
      },
    });
    const more = ['d /var/lib/demo 0700 demo demo\n', 'u demo -\n'] as const;
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release, demo: demo('first\n') });
    const { host, shelf } = follower;
    expect(await host.read('/etc/demo/demo.conf')).toBe('first\n');

    await shelf.offer(await follower.make('1.1', demo('second\n', ...more)));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await host.read('/etc/demo/demo.conf')).toBe('second\n');
    expect((await host.run(['stat', '-c', '%U', '/var/lib/demo'])).stdout).toBe('demo');
    await host.waitForUnit('demo.service');
    expect((await host.run(['ps', '-o', 'user=', '-C', 'sleep'])).stdout).toBe('demo');

    await host.run(['rm', '/etc/demo/demo.conf']);
    await host.write('/etc/demo/demo.conf', 'mine\n');
    await shelf.offer(await follower.make('1.2', demo('third\n', ...more)));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.2'));
    expect(await host.read('/etc/demo/demo.conf')).toBe('mine\n');

    // One that needs none of it has no unit that makes it.
    await shelf.offer(await follower.make('1.3'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.3'));
  });

  test('does so by its timer', async () => {
    await using network = await createNetwork();
    const soon = '[Timer]\nOnBootSec=\nOnActiveSec=1s\nAccuracySec=1ms\nRandomizedDelaySec=0\n';
    await using follower = await Follower.boot(network, {
      release,
      files: {
        '/etc/systemd/system/sysext-update@demo.timer.d/soon.conf': soon,
        '/etc/systemd/system/timers.target.wants/sysext-update@demo.timer': { link: '../sysext-update@.timer' },
      },
    });
    await follower.shelf.offer(await follower.make('1.1'));
    await follower.host.waitUntil(['grep', '-x', '1.1', '/usr/share/demo/version']);
    await follower.host.waitForUnit('sysext-update@demo.service', 'inactive');
  });

  test('asks for a reboot where the recipe says so', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release, policy: { update: { apply: 'reboot' } } });
    await follower.shelf.offer(await follower.make('1.1'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual({ link: '1.1', merged: '1.0' });
    await follower.host.run(['test', '-e', '/run/reboot-required']);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    await follower.host.reboot();
    expect(await follower.state()).toEqual(at('1.1'));
  });

  test('waits for its turn where a cluster has a lock', async () => {
    await using network = await createNetwork();
    const lock = { command: ['/usr/bin/env', 'LOCKED=yes'] as [string, ...string[]], environmentFile: '/etc/demo.env' };
    await using follower = await Follower.boot(network, {
      release,
      policy: { update: { apply: 'restart', lock } },
      files: { '/etc/demo.env': 'CLUSTER=demo\n' },
    });
    await follower.host.waitForUnit('demo.service');
    await follower.shelf.offer(await follower.make('1.1'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
    expect(await follower.log()).toContain('waiting for the turn of this host: /usr/bin/env LOCKED=yes');
  });

  test('does nothing while the lock cannot be had, and goes on when it can', async () => {
    await using network = await createNetwork();
    const lock = { command: ['/usr/bin/false'] as [string], environmentFile: '/etc/demo.env' };
    await using follower = await Follower.boot(network, {
      release,
      policy: { update: { apply: 'restart', lock } },
      files: { '/etc/demo.env': 'CLUSTER=demo\n' },
    });
    const { host, shelf } = follower;
    await host.waitForUnit('demo.service');
    await shelf.offer(await follower.make('1.1'));
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(await follower.state()).toEqual(at('1.0'));
    await host.run(['rm', '/etc/demo.env']);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
  });

  test('takes images that were compressed for the wire, and goes back to plain ones', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    await follower.shelf.offerPacked(await follower.make('1.1'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
    expect(await follower.installed()).toEqual([demoFile('1.0'), demoFile('1.1')]);
    await follower.shelf.offer(await follower.make('1.2'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.2'));
  });

  test('stays where an operator rolled it back to, until there is something newer', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    const [old, bad] = [await follower.make('1.0'), await follower.make('1.1')];
    await shelf.offer(old, bad);
    await follower.update();
    await host.run(['ln', '-sfn', `/opt/extensions/demo/${demoFile('1.0')}`, '/etc/extensions/demo.raw']);
    await host.run(['systemctl', 'restart', 'systemd-sysext.service']);
    expect(await follower.state()).toEqual(at('1.0'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    await shelf.offer(old);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.0'));
    await shelf.offer(old, await follower.make('1.1-1'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1-1'));
  });

  test('mends a link that leads nowhere, and leaves one alone that was taken away', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host } = follower;
    await follower.update();
    await host.run(['rm', '/etc/extensions/demo.raw']);
    await follower.update();
    expect((await follower.state()).link).toBe('-');
    await host.run(['ln', '-s', '/opt/extensions/demo/gone.raw', '/etc/extensions/demo.raw']);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.0'));
  });
});

/** Images that are what the index says, and are of no use. */
const images: [what: string, make: (follower: Follower) => Promise<string>, reason: string][] = [
  [
    'that lacks its release file',
    async (follower) => await follower.make('1.1', { release: false }),
    'it has no usr/lib/extension-release.d/extension-release.demo',
  ],
  ['for another system', async (follower) => await follower.make('1.1', { id: 'debian' }), 'for the system "debian"'],
  ['that does not mount', async (follower) => await follower.garbage('1.1'), 'it cannot be mounted'],
  [
    'whose service does not start',
    async (follower) => await follower.make('1.1', { program: 'exit 1' }),
    'its units do not start',
  ],
];

describeReleases('an image', (release) => {
  test.each(images)('%s never stays active', async (_, make, reason) => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    await host.waitForUnit('demo.service');
    const old = await follower.make('1.0');
    await shelf.offer(old, await make(follower));
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(await follower.log()).toContain(reason);
    expect(await follower.state()).toEqual(at('1.0'));
    await host.waitForUnit('demo.service');

    // It is not fetched or tried again, and the unit goes on saying so.
    const asked = shelf.requests.length;
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(shelf.requests.slice(asked)).toEqual(['SHA256SUMS']);
    expect(await follower.log()).toContain('was refused: ');

    await host.reboot();
    expect(await follower.state()).toEqual(at('1.0'));
    await shelf.offer(old, await follower.make('1.2'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.2'));
    await host.reboot();
    expect(await follower.state()).toEqual(at('1.2'));
  });
});

/** What a server, a network or a publisher does wrong, for version 1.1. */
const faults: [what: string, spoil: (follower: Follower, image: string) => Promise<void>][] = [
  ['the image is not there', async ({ shelf }) => shelf.remove(demoFile('1.1'))],
  ['the index is not there', async ({ shelf }) => shelf.remove('SHA256SUMS')],
  ['the index is forbidden', async ({ shelf }) => shelf.index('', { kind: 'status', status: 403 })],
  ['the server has a fault', async ({ shelf }) => shelf.index('', { kind: 'status', status: 500 })],
  ['a login page stands in for the index', async ({ shelf }) => shelf.index('', { kind: 'html' })],
  [
    'the connection breaks in the middle of the image',
    async ({ shelf }, image) => await shelf.spoil(image, { fault: { kind: 'truncate', after: 1000 } }),
  ],
  [
    'the image is shorter than it was',
    async ({ shelf }, image) => await shelf.spoil(image, { bytes: (await readFile(image)).subarray(0, 2000) }),
  ],
  [
    'one bit of the image is another',
    async ({ shelf }, image) => {
      const bytes = await readFile(image);
      bytes[1500]! ^= 1;
      await shelf.spoil(image, { bytes });
    },
  ],
  [
    'the index has a bad line',
    async ({ shelf }, image) => {
      await shelf.offer(image);
      shelf.index(`${shelf.lines}\n`);
    },
  ],
];

describeReleases('an update', (release) => {
  test.each(faults)('waits for better times when %s', async (_, spoil) => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    const image = await follower.make('1.1');
    await shelf.offer(image);
    await spoil(follower, image);
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(await follower.state()).toEqual(at('1.0'));
    await host.reboot();
    expect(await follower.state()).toEqual(at('1.0'));
    await shelf.offer(image);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
    expect(await follower.installed()).toEqual([demoFile('1.0'), demoFile('1.1')]);
  });

  test('does not go back with an index that is older than the host', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const [old, next] = [await follower.make('1.0'), await follower.make('1.1')];
    await follower.shelf.offer(old, next);
    await follower.update();
    await follower.shelf.offer(old);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
  });

  test('waits for room on a full disk', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    await host.run(['mount', '-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', '/opt/extensions/demo']);
    await shelf.offer(await follower.make('1.1', { program: 'exec sleep infinity', ballast: 100_000 }));
    expect((await follower.update()).exitCode).not.toBe(0);
    await host.run(['umount', '/opt/extensions/demo']);
    expect(await follower.state()).toEqual(at('1.0'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
  });

  test('ends well beside another one, and beside one by hand', async () => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release });
    const { host, shelf } = follower;
    await shelf.offer(await follower.make('1.1'));
    const byHand = ['env', 'RUNTIME_DIRECTORY=/run/by-hand', 'STATE_DIRECTORY=/var/lib/sysext-update/demo'];
    await host.run(['mkdir', '-p', '/run/by-hand', '/var/lib/sysext-update/demo']);
    const ends = await Promise.all([
      follower.update(),
      host.run([...byHand, '/opt/bin/sysext-update', 'demo'], { check: false }),
      host.run(['/usr/lib/systemd/systemd-sysupdate', '-C', 'demo', 'update'], { check: false }),
    ]);
    expect(ends.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(0);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
  });
});
