import { machineArch } from '@sysext/core';
import { describePayload } from '@sysext/payload';
import type { HostFiles } from '@sysext/test-host';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { butane } from '../extension.ts';
import { builtIn } from './built-in.ts';
import { sayHello } from './hello.ts';
import { payload } from './payload.ts';

/** The links that an operator's document has beside the one to the image. */
async function deployedLinks(): Promise<HostFiles> {
  const image = { version: 'v2.3.4', arch: machineArch()!, sha256: 'ab'.repeat(32) };
  const { content } = await butane({ baseUrl: 'https://sysext.example/', image, verify: false, update: false });
  const links = content.links.filter(({ path }) => path !== '/etc/extensions/containerd.raw');
  return Object.fromEntries(links.map(({ path, target }) => [path, { link: target }]));
}

describePayload('containerd', [payload], (boot) => {
  test('starts on merge, and runs a container', async () => {
    await using host = await boot();
    await host.waitForUnit('containerd.service');
    const { stdout } = await host.run(['ctr', 'version']);
    expect(stdout.match(/^ {2}Version: {2}v2\.3\.4$/gm)).toHaveLength(2);
    expect(await sayHello(host)).toBe('hello');
  });

  test('settings of an operator go on top, and the rest follows the image', async () => {
    const path = '/etc/containerd/conf.d/root.toml';
    await using host = await boot({ files: { [path]: 'version = 3\nroot = "/var/lib/elsewhere"\n' } });
    await host.waitForUnit('containerd.service');
    const { stdout } = await host.run(['containerd', 'config', 'dump']);
    expect(stdout).toContain("root = '/var/lib/elsewhere'");
    expect(stdout).toContain('SystemdCgroup = true');
    expect((await host.run(['readlink', '-f', '/etc/containerd/config.toml'])).stdout).toBe(
      '/usr/share/containerd/config-2.toml',
    );
  });

  test('takes the place of the built-in one, which would win', async () => {
    await using directory = await temporaryDirectory();
    const files = await builtIn(directory.path);
    await using beside = await boot({ files });
    expect((await beside.run(['containerd'])).stdout).toBe('the built-in one');
    await using host = await boot({ files: { ...files, ...(await deployedLinks()) } });
    await host.waitForUnit('containerd.service');
    expect((await host.run(['containerd', '--version'])).stdout).toContain('v2.3.4');
  });
});
