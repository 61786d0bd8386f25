import { join } from 'node:path';
import { machineArch } from '@sysext/core';
import { describePayload } from '@sysext/payload';
import { sayingElf, tar } from '@sysext/testing';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

const name = 'test.example/hello:1';
const imageOf = (then: 'exit' | 'stay') =>
  tar([{ path: 'program', content: sayingElf(machineArch()!, 'hello\n', then), mode: 0o755 }]);

/** A host has no network of its own for containers: the machine's kernel lends it no rules. */
const settings = { bridge: 'none', iptables: false, 'storage-driver': 'vfs' };
const nvidiaDropIn = join(
  import.meta.dirname,
  '../../nvidia-runtime/files/usr/lib/systemd/system/docker.service.d/10-nvidia-runtime.conf',
);
const sayHello = ['docker', 'run', '--rm', '--network=none', name];

describePayload('docker', [payload], (boot) => {
  test('its first client starts the engine, which runs a container', async () => {
    await using host = await boot({ files: { '/etc/docker/daemon.json': JSON.stringify(settings) } });
    await host.waitForUnit('docker.socket');
    expect((await host.run(['stat', '-c', '%a %G', '/run/docker.sock'])).stdout.trim()).toBe('660 docker');
    expect((await host.run(['systemctl', 'is-active', 'docker.service'], { check: false })).stdout.trim()).toBe(
      'inactive',
    );
    await host.write('/var/tmp/hello.tar', imageOf('exit'));
    await host.run(['docker', 'import', '--change=ENTRYPOINT ["/program"]', '/var/tmp/hello.tar', name]);
    expect((await host.run(sayHello)).stdout).toBe('hello');
    await host.run(['systemctl', 'restart', 'containerd.service', 'docker.service']);
    expect((await host.run(sayHello)).stdout).toBe('hello');
  });

  test.each([false, true])('a restart ends its containers, unless they live on: live-restore %s', async (live) => {
    const daemon = JSON.stringify({ ...settings, 'live-restore': live });
    await using host = await boot({ files: { '/etc/docker/daemon.json': daemon } });
    await host.write('/var/tmp/stay.tar', imageOf('stay'));
    await host.run(['docker', 'import', '--change=ENTRYPOINT ["/program"]', '/var/tmp/stay.tar', name]);
    await host.run(['docker', 'run', '--detach', '--name=stay', '--network=none', name]);
    await host.run(['systemctl', 'restart', 'docker.service']);
    const running = await host.run(['docker', 'inspect', '--format={{.State.Running}}', 'stay']);
    expect(running.stdout.trim()).toBe(String(live));
  });

  test("an operator's flags stand beside those of nvidia-runtime", async () => {
    const directory = '/etc/systemd/system/docker.service.d';
    await using host = await boot({
      files: {
        '/etc/docker/daemon.json': JSON.stringify(settings),
        [`${directory}/10-nvidia-runtime.conf`]: { from: nvidiaDropIn },
        [`${directory}/20-operator.conf`]: '[Service]\nEnvironment=DOCKER_OPTS=--debug\n',
      },
    });
    const info = await host.run(['docker', 'info', '--format={{.Debug}} {{json .Runtimes}}']);
    expect(info.stdout).toMatch(/^true .*"nvidia":\{"path":"\/usr\/bin\/nvidia-container-runtime"/);
  });
});
