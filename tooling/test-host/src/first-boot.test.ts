import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeImage, scratch } from './fixture.ts';
import { bootHost, describeHost } from './index.ts';

const unit = '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\n[Install]\nWantedBy=multi-user.target\n';

/** Writes two units and enables one of them, as Ignition does. */
async function install(root: string): Promise<void> {
  const etc = join(root, 'etc/systemd');
  await mkdir(join(etc, 'system-preset'), { recursive: true });
  await writeFile(join(etc, 'system/wanted.service'), unit);
  await writeFile(join(etc, 'system/unwanted.service'), unit);
  await writeFile(join(etc, 'system-preset/20-install.preset'), 'enable wanted.service\n');
}

describeHost('a first boot', () => {
  test('gives an identity that stays, and enables what presets say and nothing else', async () => {
    await using host = await bootHost({ prepare: install });
    await host.waitForUnit('wanted.service');
    const states = await host.run(['systemctl', 'is-enabled', 'wanted.service', 'unwanted.service'], { check: false });
    expect(states.stdout).toBe('enabled\ndisabled');
    const identity = await host.read('/etc/machine-id');
    expect(identity).toMatch(/^[0-9a-f]{32}\n$/);
    await host.reboot();
    expect(await host.read('/etc/machine-id')).toBe(identity);
  });
});

describeHost('a host of the newest systemd', () => {
  test('boots, merges and starts what an image brings', { timeout: 600_000 }, async () => {
    await using dir = await scratch();
    const hello = await makeImage(dir.path, 'hello');
    await using host = await bootHost({ release: 'forky', images: { hello }, prepare: install });
    expect((await host.run(['systemctl', '--version'])).stdout).toMatch(/^systemd 26[2-9]/);
    await host.waitForUnit('hello.service');
    await host.waitForUnit('wanted.service');
  });
});
