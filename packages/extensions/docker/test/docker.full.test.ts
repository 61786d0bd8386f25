import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Extension, build, createContext, lockVersion, machineArch } from '@sysext/core';
import { type Host, bootHost, describeHost } from '@sysext/test-host';
import { sayingElf, tar, temporaryDirectory } from '@sysext/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import docker from '../extension.ts';

const arch = machineArch()!;
const name = 'test.example/hello:1';
const files = tar([{ path: 'program', content: sayingElf(arch, 'hello\n', 'exit'), mode: 0o755 }]);

/** Debian's Docker in the place of upstream's, which only its own host has: the same parts, older. */
const version = '26.1.5';
const programs: Extension['sources'] = [
  {
    kind: 'debian',
    suite: 'trixie',
    packages: ['docker.io', 'docker-cli', 'containerd', 'runc', 'tini'],
    take: {
      'usr/*bin/dockerd': '/usr/bin/',
      'usr/*bin/docker-proxy': '/usr/bin/',
      'usr/*bin/docker': '/usr/bin/',
      'usr/*bin/containerd': '/usr/bin/',
      'usr/*bin/containerd-shim-runc-v2': '/usr/bin/',
      'usr/*bin/ctr': '/usr/bin/',
      'usr/sbin/runc': '/usr/bin/',
      'usr/*bin/tini-static': '/usr/bin/docker-init',
    },
  },
];

describeHost('docker', () => {
  const stack = new AsyncDisposableStack();
  let image: string;
  beforeAll(async () => {
    const { path } = stack.use(await temporaryDirectory());
    const extension = { ...docker, sources: programs, directory: join(path, 'docker') };
    for (const each of ['package.json', 'files']) {
      await cp(join(docker.directory, each), join(extension.directory, each), { recursive: true });
    }
    const context = createContext({});
    await lockVersion(context, extension, version);
    const [built] = await build(context, extension, { arches: [arch], output: path, profile: 'fast' });
    image = built!.image;
  }, 600_000);
  afterAll(async () => await stack.disposeAsync());

  /** A host that has no network of its own for containers: the machine's kernel lends it no rules. */
  async function boot(): Promise<Host> {
    const settings = { bridge: 'none', iptables: false, 'storage-driver': 'vfs' };
    return await bootHost({
      images: { docker: image },
      files: { '/etc/docker/daemon.json': JSON.stringify(settings) },
    });
  }

  async function sayHello(host: Host): Promise<string> {
    return (await host.run(['docker', 'run', '--rm', '--network=none', name])).stdout;
  }

  test('its first client starts the engine, which runs a container', async () => {
    await using host = await boot();
    await host.waitForUnit('docker.socket');
    expect((await host.run(['stat', '-c', '%a %G', '/run/docker.sock'])).stdout.trim()).toBe('660 docker');
    expect((await host.run(['systemctl', 'is-active', 'docker.service'], { check: false })).stdout.trim()).toBe(
      'inactive',
    );
    await host.write('/var/tmp/hello.tar', files);
    await host.run(['docker', 'import', '--change=ENTRYPOINT ["/program"]', '/var/tmp/hello.tar', name]);
    expect(await sayHello(host)).toBe('hello');
    await host.run(['systemctl', 'restart', 'containerd.service', 'docker.service']);
    expect(await sayHello(host)).toBe('hello');
  });
});
