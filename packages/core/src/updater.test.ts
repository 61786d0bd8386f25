import { execa } from 'execa';
import { expect, test } from 'vitest';
import { updateTimer, updaterFiles, updaterSettings } from './updater.ts';

test('the updater is a program that a shell reads, and units that start it', async () => {
  const files = await updaterFiles();
  expect(files.map(({ path, mode }) => [path, mode])).toEqual([
    ['/opt/bin/sysext-update', 0o755],
    ['/etc/systemd/system/sysext-update@.service', 0o644],
    ['/etc/systemd/system/sysext-update@.timer', 0o644],
  ]);
  await execa('sh', ['-n'], { input: files[0]!.text });
  expect(files[1]!.text).toContain(`ExecStart=${files[0]!.path} %i\n`);
  expect(updateTimer('etcd-3.5')).toBe('sysext-update@etcd-3.5.timer');
});

test('it is told the units, how to apply an image, and the lock of the cluster', () => {
  const services = {
    'etcd.service': { start: 'manual' },
    // Not under its service; one that starts something else is a unit like any other.
    'etcd.socket': { start: 'on-merge' },
    'events.socket': { start: 'on-merge' },
  } as const;
  expect(updaterSettings({ name: 'etcd', services }, 'etcd')).toEqual({
    path: '/etc/sysext-update/etcd.env',
    mode: 0o644,
    text: 'APPLY="restart"\nSETUP="etcd-setup.service"\nUNITS="etcd.service events.socket"\n',
  });
  const lock = { command: ['/usr/bin/etcdctl', 'lock', 'x'] as [string, ...string[]], environmentFile: '/etc/e.env' };
  expect(updaterSettings({ name: 'etcd', update: { apply: 'reboot', lock } }, 'etcd-3.5').text).toBe(
    'APPLY="reboot"\nSETUP="etcd-setup.service"\nUNITS=""\nLOCK="/usr/bin/etcdctl lock x"\nLOCK_ENVIRONMENT="/etc/e.env"\n',
  );
});
