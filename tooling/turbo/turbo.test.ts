import { appendFile, chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '..', '..');

describe('what makes turbo build an image again', { timeout: 60_000 }, () => {
  let checkout: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeAll(async () => {
    checkout = await temporaryDirectory();
    const listed = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      cwd: repository,
    });
    for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
      await mkdir(dirname(join(checkout.path, file)), { recursive: true });
      await cp(join(repository, file), join(checkout.path, file)).catch((error: NodeJS.ErrnoException) => {
        // Listed, and deleted in the work tree.
        if (error.code !== 'ENOENT') throw error;
      });
    }
    await execa('git', ['init', '--quiet'], { cwd: checkout.path });
    await execa('git', ['add', '--all'], { cwd: checkout.path });
  }, 60_000);
  afterAll(async () => await checkout[Symbol.asyncDispose]());

  /** What turbo knows the tasks by that do something: with the same hash, it hands out what it has. */
  async function hashesOf(args: readonly string[], env: Record<string, string> = {}): Promise<Map<string, string>> {
    const wrapper = join(import.meta.dirname, 'turbo.ts');
    const { stdout } = await execa(process.execPath, [wrapper, 'run', ...args, '--dry=json'], {
      cwd: checkout.path,
      env,
    });
    const { tasks } = JSON.parse(stdout) as { tasks: { taskId: string; hash: string; command: string }[] };
    const real = tasks.filter(({ command }) => command !== '<NONEXISTENT>');
    return new Map(real.map(({ taskId, hash }) => [taskId, hash]));
  }

  async function hashOf(task: string, env: Record<string, string> = {}): Promise<string> {
    const [name, verb] = task.split('#');
    return (await hashesOf([verb!, '--filter', name!], env)).get(task)!;
  }

  const etcd = 'packages/extensions/etcd';

  test.each([
    ['core', 'packages/core/src/units.ts'],
    ['the command', 'packages/cli/src/find.ts'],
    ["the recipe's files", `${etcd}/files/usr/share/etcd/etcdctl.sh`],
    ['the lock', `${etcd}/extension.lock.json`],
    ['the recipe', `${etcd}/extension.ts`],
    ['pinned modules', `${etcd}/go/etcd/v3.5.21/go.sum`],
  ])('a change in %s', async (_, file) => {
    const before = await hashOf('@sysext/etcd#build');
    await appendFile(join(checkout.path, file), '\n');
    expect(await hashOf('@sysext/etcd#build')).not.toBe(before);
  });

  test('another version of mksquashfs', async () => {
    const bin = join(checkout.path, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'mksquashfs'), '#!/bin/sh\necho mksquashfs version 9.9\n');
    await chmod(join(bin, 'mksquashfs'), 0o755);
    const before = await hashOf('@sysext/etcd#build');
    expect(await hashOf('@sysext/etcd#build', { PATH: `${bin}:${process.env['PATH']}` })).not.toBe(before);
  });

  test('nothing else: documentation, another extension, a later day', async () => {
    const before = await hashOf('@sysext/etcd#build');
    await writeFile(join(checkout.path, 'docs-of-another-day.md'), 'text');
    expect(await hashOf('@sysext/etcd#build')).toBe(before);
  });

  test('a file that comes to one extension makes its image again, and no other', async () => {
    const before = await hashesOf(['build']);
    const file = join(checkout.path, etcd, 'files/usr/share/etcd/one-more');
    await writeFile(file, 'text');
    await execa('git', ['add', '--all'], { cwd: checkout.path });
    const after = await hashesOf(['build']);
    const changed = [...after].filter(([task, hash]) => before.get(task) !== hash);
    expect(changed.map(([task]) => task)).toEqual(['@sysext/etcd#build']);
  });

  test('and a change in core tests what depends on it again', async () => {
    const before = await hashOf('@sysext/etcd#test');
    await appendFile(join(checkout.path, 'packages/core/src/units.ts'), '\n');
    expect(await hashOf('@sysext/etcd#test')).not.toBe(before);
  });
});
