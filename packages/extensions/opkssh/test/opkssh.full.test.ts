import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import opkssh from '../extension.ts';

describePayload('opkssh', [{ extension: opkssh }], (boot) => {
  test('prints its version, and has its user and files', async () => {
    await using host = await boot();
    expect((await host.run(['opkssh', '--version'])).stdout).toContain('0.16.0');
    await host.waitForUnit('opkssh-setup.service');
    expect((await host.run(['stat', '-c', '%a %U:%G', '/etc/opk', '/var/log/opkssh.log'])).stdout).toBe(
      '750 root:opksshuser\n660 root:opksshuser',
    );
  });

  test('answers sshd as its own user: a key that no provider vouches for gets nobody in', async () => {
    const files = {
      '/etc/opk/providers': { text: 'https://accounts.example.com opkssh 24h\n', mode: 0o640, gid: 854 },
      '/etc/opk/auth_id': { text: 'core alice@example.com https://accounts.example.com\n', mode: 0o640, gid: 854 },
    };
    await using host = await boot({ files });
    await host.waitForUnit('opkssh-setup.service');
    await host.run(['runuser', '-u', 'opksshuser', '--', 'test', '-r', '/etc/opk/providers']);
    const asked = await host.run(
      ['runuser', '-u', 'opksshuser', '--', '/usr/local/bin/opkssh', 'verify', 'core', 'AAAA', 'ssh-ed25519'],
      { check: false },
    );
    expect(asked).toMatchObject({ stdout: '' });
    expect(asked.exitCode).not.toBe(0);
  });
});
