import { expect, test } from 'vitest';
import { makeImage, scratch } from './fixture.ts';
import { type Host, bootHost, describeHost } from './index.ts';

const bootId = async (host: Host) => (await host.run(['cat', '/proc/sys/kernel/random/boot_id'])).stdout;

/** A unit that notes when it was stopped cleanly. */
const witness = {
  '/etc/systemd/system/witness.service': [
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'ExecStart=true',
    'ExecStop=touch /var/stopped',
    '',
  ].join('\n'),
  '/etc/systemd/system/multi-user.target.wants/witness.service': { link: '../witness.service' },
};

describeHost('the power of a host', () => {
  test('boots in five seconds', async () => {
    await using dir = await scratch();
    const images = [
      await makeImage(dir.path, 'one'),
      await makeImage(dir.path, 'two'),
      await makeImage(dir.path, 'three'),
    ];
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      const started = performance.now();
      await using host = await bootHost({ images });
      times.push(performance.now() - started);
      expect((await host.run(['ls', '/usr/bin/one', '/usr/bin/two', '/usr/bin/three'])).exitCode).toBe(0);
    }
    // The fastest, since whatever else the machine does can only make a boot slower.
    expect(Math.min(...times)).toBeLessThan(5000);
  });

  test('reboots cleanly with the same disk', async () => {
    await using dir = await scratch();
    await using host = await bootHost({ images: [await makeImage(dir.path, 'hello')], files: witness });
    const before = { boot: await bootId(host), machine: await host.read('/etc/machine-id') };
    await host.write('/etc/kept', 'kept');
    await host.write('/run/lost', 'lost');
    await host.reboot();
    expect(await bootId(host)).not.toBe(before.boot);
    expect(await host.read('/etc/machine-id')).toBe(before.machine);
    expect(await host.read('/etc/kept')).toBe('kept');
    expect((await host.run(['ls', '/run/lost'], { check: false })).exitCode).toBe(2);
    await host.run(['ls', '/var/stopped']);
    await host.waitForUnit('hello.service');
  });

  test('comes back when the host reboots by itself', async () => {
    await using host = await bootHost();
    const before = await bootId(host);
    const rebooted = host.waitForReboot();
    await host.run(['systemctl', 'reboot'], { check: false });
    await rebooted;
    expect(await bootId(host)).not.toBe(before);
  });

  test('fails without stopping anything, and keeps the disk', async () => {
    await using host = await bootHost({ files: witness });
    await host.write('/etc/kept', 'kept');
    await using endless = await host.spawn(['sh', '-c', 'echo started; exec sleep infinity']);
    await endless.line(/started/);
    await host.crash();
    expect(host.poweredOn).toBe(false);
    expect((await endless.exited).exitCode).toBe(137);
    await expect(host.run(['true'])).rejects.toThrow('is off');
    await host.boot();
    expect(host.poweredOn).toBe(true);
    expect(await host.read('/etc/kept')).toBe('kept');
    expect((await host.run(['ls', '/var/stopped'], { check: false })).exitCode).toBe(2);
    expect((await host.run(['journalctl', '--list-boots', '--output=json'])).stdout.match(/"index"/g)).toHaveLength(2);
  });

  test('goes off cleanly and on again', async () => {
    await using host = await bootHost({ files: witness });
    await expect(host.boot()).rejects.toThrow('is on already');
    await host.shutdown();
    expect(host.poweredOn).toBe(false);
    await expect(host.crash()).rejects.toThrow('is off');
    await host.boot();
    await host.run(['ls', '/var/stopped']);
  });

  test('says so when the host does not reboot', async () => {
    await using host = await bootHost();
    await expect(host.waitForReboot({ timeout: 50 })).rejects.toThrow('did not reboot in 50 ms');
    await Promise.all([expect(host.waitForReboot()).rejects.toThrow('did not reboot: poweroff'), host.shutdown()]);
  });
});
