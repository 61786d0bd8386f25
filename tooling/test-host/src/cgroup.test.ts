import { expect, test } from 'vitest';
import { bootAndKill, makeImage, scratch } from './fixture.ts';
import { describeHost } from './index.ts';

/** Becomes a command that sees only the unified hierarchy, from its own control group downwards. */
const unifiedOnly = [
  'unshare',
  '--mount',
  '--cgroup',
  'sh',
  '-c',
  'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"',
  'sh',
];

describeHost('control groups', () => {
  test('may be of version 2 alone', async () => {
    await using dir = await scratch();
    expect(await bootAndKill('unified', await makeImage(dir.path, 'hello'), unifiedOnly)).toMatch(/^10\./);
  });
});
