import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { makeImage, scratch } from './fixture.ts';
import { CommandError, bootHost, describeHost } from './index.ts';

describeHost('a host', () => {
  test('boots to running, dressed as Flatcar', async () => {
    await using host = await bootHost({ name: 'plain' });
    expect((await host.run(['systemctl', 'is-system-running'])).stdout).toBe('running');
    expect((await host.run(['hostname'])).stdout).toBe('plain');
    expect(await host.read('/etc/os-release')).toMatch(/^ID=flatcar$/m);
    expect((await host.run(['readlink', '/usr/sbin', '/usr/local/sbin'])).stdout).toBe('bin\nbin');
    expect((await host.run(['id', 'etcd', 'core'])).stdout).toContain('uid=232(etcd)');
    expect((await host.run(['systemctl', '--version'])).stdout).toMatch(/^systemd 257/);
    expect((await host.run(['ip', '-brief', 'link'])).stdout).toMatch(/^lo .*$/);
    expect(host.address).toBe('127.0.0.1');
  });

  test('has a /usr that cannot be made writable', async () => {
    await using host = await bootHost();
    const touched = await host.run(['touch', '/usr/bin/x'], { check: false });
    expect(touched.stderr).toMatch(/Read-only file system/);
    expect((await host.run(['mount', '-o', 'remount,rw', '/usr'], { check: false })).exitCode).not.toBe(0);
    expect((await host.run(['touch', '/usr/bin/x'], { check: false })).exitCode).toBe(1);
  });

  test('merges images at boot and starts their services', async () => {
    await using dir = await scratch();
    const hello = await makeImage(dir.path, 'hello');
    await using host = await bootHost({ images: { hello } });
    await host.waitForUnit('hello.service');
    expect((await host.run(['systemctl', 'is-system-running'])).stdout).toBe('running');
    expect(await host.journal('hello.service')).toContain('hello from hello');
    expect((await host.run(['readlink', '/etc/extensions/hello.raw'])).stdout).toBe(
      '/opt/extensions/hello/hello-1.0.0-x86-64.raw',
    );
  });

  test('merges, unmerges and refreshes live', async () => {
    await using dir = await scratch();
    await using host = await bootHost({ images: [await makeImage(dir.path, 'hello')] });
    const usr = async () => (await host.run(['ls', '/usr/bin'])).stdout.split('\n').includes('hello');
    expect(await usr()).toBe(true);
    await host.run(['systemd-sysext', 'unmerge']);
    expect(await usr()).toBe(false);
    await host.run(['systemd-sysext', 'merge']);
    expect(await usr()).toBe(true);

    await host.write('/opt/extensions/world/world.raw', await readFile(await makeImage(dir.path, 'world')));
    await host.run(['ln', '-s', '/opt/extensions/world/world.raw', '/etc/extensions/world.raw']);
    await host.run(['systemd-sysext', 'refresh']);
    await host.waitForUnit('world.service');
    expect(await usr()).toBe(true);
  });

  test('cannot damage the image it was given', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'hello');
    const before = await readFile(image);
    await using host = await bootHost({ images: { hello: image } });
    await host.run(['systemd-sysext', 'unmerge']);
    await host.run([
      'sh',
      '-c',
      'echo damaged >/opt/extensions/hello/hello-1.0.0-x86-64.raw; rm /opt/extensions/hello/*',
    ]);
    expect((await readFile(image)).equals(before)).toBe(true);
    expect((await stat(image)).nlink).toBe(1);
  });

  test('does not create users of images at boot, as Flatcar does not', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'hello', { 'usr/lib/sysusers.d/hello.conf': 'u hello -\n' });
    await using host = await bootHost({ images: { hello: image } });
    expect((await host.run(['id', 'hello'], { check: false })).exitCode).toBe(1);
    await host.run(['systemd-sysusers']);
    await host.run(['id', 'hello']);
  });

  test('applies the tmpfiles.d of images at boot', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'hello', {
      'usr/lib/tmpfiles.d/hello.conf': 'f /var/lib/hello 0600 root root - hi\n',
    });
    await using host = await bootHost({ images: { hello: image } });
    expect(await host.read('/var/lib/hello')).toBe('hi');
  });

  test('has the files it is given, with mode and owner', async () => {
    await using dir = await scratch();
    const tree = await makeImage(dir.path, 'hello').then(() => `${dir.path}/hello.tree`);
    await using host = await bootHost({
      files: {
        '/etc/motd': 'welcome\n',
        '/etc/deep/er/secret': { text: 'x', mode: 0o600, uid: 232, gid: 233 },
        '/etc/deep/link': { link: 'er/secret' },
        '/opt/tree': { from: tree },
      },
    });
    expect(await host.read('/etc/motd')).toBe('welcome\n');
    expect((await host.run(['stat', '-c', '%a %U %G', '/etc/deep/er/secret'])).stdout).toBe('600 etcd docker');
    expect(await host.read('/etc/deep/link')).toBe('x');
    await using hello = await host.spawn(['/opt/tree/usr/bin/hello']);
    await hello.line(/hello from hello/);
  });

  test('refuses files that would not be there', async () => {
    await expect(bootHost({ files: { '/usr/bin/x': '' } })).rejects.toThrow('/usr is not on the disk');
    await expect(bootHost({ files: { '/run/x': '' } })).rejects.toThrow('/run is not on the disk');
    await expect(bootHost({ files: { '/var/run/x': '' } })).rejects.toThrow('/var/run is not a directory');
    await expect(bootHost({ files: { '../x': '' } })).rejects.toThrow('not an absolute path');
  });

  test('says which unit failed when it does not boot to running', async () => {
    const broken = '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo the reason; exit 3"\n';
    const files = {
      '/etc/systemd/system/broken.service': broken,
      '/etc/systemd/system/multi-user.target.wants/broken.service': { link: '../broken.service' },
    };
    await expect(bootHost({ files })).rejects.toThrow(
      /state "degraded" instead of "running"[^]*broken\.service[^]*the reason/,
    );
    await using host = await bootHost({ files, expect: 'degraded' });
    await host.waitForUnit('broken.service', 'failed');
    await expect(bootHost({ expect: 'degraded' })).rejects.toThrow('state "running" instead of "degraded"');
  });

  test('aborts the merge for an image that is none, and shows it', async () => {
    await using dir = await scratch();
    const hello = await makeImage(dir.path, 'hello');
    await using host = await bootHost({
      images: { hello },
      files: { '/etc/extensions/bad.raw': 'no image' },
      expect: 'degraded',
    });
    await host.waitForUnit('systemd-sysext.service', 'failed');
    expect((await host.run(['ls', '/usr/bin/hello'], { check: false })).exitCode).toBe(2);
  });
});

describeHost('commands on a host', () => {
  test('run without a shell, with a login environment and in its control group', async () => {
    await using host = await bootHost();
    process.env['TEST_HOST_LEAK'] = 'leak';
    const { stdout } = await host.run(['env'], { env: { GREETING: 'hi there' } });
    expect(stdout.split('\n').toSorted()).toEqual([
      'GREETING=hi there',
      'HOME=/root',
      'LANG=C.UTF-8',
      'LOGNAME=root',
      'PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
      'SHELL=/bin/bash',
      'USER=root',
    ]);
    expect((await host.run(['pwd'])).stdout).toBe('/root');
    expect((await host.run(['/usr/bin/printenv', 'PATH'], { env: { PATH: '/nowhere' } })).stdout).toBe('/nowhere');
    expect((await host.run(['echo', '$HOME', '; id', '*'])).stdout).toBe('$HOME ; id *');
    expect((await host.run(['grep', '^0::', '/proc/self/cgroup'])).stdout).toBe('0::/init.scope');
  });

  test('get their input and give their output and exit status', async () => {
    await using host = await bootHost();
    expect((await host.run(['wc', '-c'], { stdin: 'x'.repeat(300_000) })).stdout).toBe('300000');
    const both = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
    expect(await host.run(both, { check: false })).toEqual({ stdout: 'out', stderr: 'err', exitCode: 7 });
    await expect(host.run(both)).rejects.toThrow(
      /sh -c .*\nexit status 7\nstandard output:\nout\nstandard error:\nerr$/,
    );
    await expect(host.run(both)).rejects.toBeInstanceOf(CommandError);
    await expect(host.run(['no-such-program'])).rejects.toThrow(/exit status 127[^]*No such file/);
    expect((await host.run(['sh', '-c', 'kill -9 $$'], { check: false })).exitCode).toBe(137);
  });

  test('are killed with all they started when they take too long', async () => {
    await using host = await bootHost();
    await expect(host.run(['sh', '-c', 'echo started; sleep 4711; true'], { timeout: 300 })).rejects.toThrow(
      /did not end in 300 ms[^]*started/,
    );
    expect((await host.run(['pgrep', '-f', 'sleep 4711'], { check: false })).stdout).toBe('');
  });

  test('can be followed while they run', async () => {
    await using host = await bootHost();
    await using echo = await host.spawn(['sh', '-c', 'for n in 1 2 3; do echo line $n; done; exec sleep 4712']);
    expect(await echo.line(/3$/)).toBe('line 3');
    const seen: string[] = [];
    for await (const line of echo.lines()) if (seen.push(line) === 3) break;
    expect(seen).toEqual(['line 1', 'line 2', 'line 3']);
    await expect(echo.line(/4$/, { timeout: 50 })).rejects.toThrow(/wrote no line like[^]*line 3/);
    expect((await echo.stop()).exitCode).toBe(143);
    expect((await host.run(['pgrep', '-f', 'sleep 4712'], { check: false })).stdout).toBe('');
    await using short = await host.spawn(['false']);
    await expect(short.line(/x/)).rejects.toThrow('ended without a line');
  });

  test('write and read files byte for byte', async () => {
    await using host = await bootHost();
    await host.write('/etc/some/where', '\nübung\n\n', { mode: 0o640, gid: 500 });
    expect(await host.read('/etc/some/where')).toBe('\nübung\n\n');
    expect((await host.run(['stat', '-c', '%a %g', '/etc/some/where'])).stdout).toBe('640 500');
    await expect(host.read('/etc/no-where')).rejects.toThrow('No such file');
  });

  test('can be waited for', async () => {
    await using host = await bootHost();
    await using later = await host.spawn(['sh', '-c', 'read line; touch /run/there'], { stdin: 'go\n' });
    await host.waitUntil(['test', '-e', '/run/there']);
    await later.exited;
    await expect(host.waitUntil(['cat', '/run/nowhere'], { timeout: 100 })).rejects.toThrow(
      /not as expected after 100 ms[^]*nowhere/,
    );
    await expect(host.waitForUnit('dbus.service', 'inactive', { timeout: 100 })).rejects.toThrow(
      /dbus\.service is not inactive after 100 ms[^]*Active: active[^]*Started dbus\.service/,
    );
  });
});
