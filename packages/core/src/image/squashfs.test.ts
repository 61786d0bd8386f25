import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashFile } from '../cache.ts';
import type { Context } from '../context.ts';
import { readDirectoryTree } from '../directory.ts';
import { compareTrees } from '../listing.ts';
import { type Entry, type Tree, completeTree, textFile } from '../tree.ts';
import { profiles } from './profile.ts';
import { openImage } from './read.ts';
import { writeSquashfs } from './squashfs.ts';
import { testContext } from './testing/images.ts';
import { needsRoot } from './testing/root.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let context: Context;
let image: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  context = testContext(directory.path);
  image = `${directory.path}/demo.raw`;
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const link = (target: string): Entry => ({ type: 'symlink', mode: 0o777, uid: 0, gid: 0, xattrs: [], target });

const tree: Tree = completeTree(
  new Map<string, Entry>([
    ['usr/bin/demo', { ...textFile('program\n'.repeat(50_000), 'test'), mode: 0o755 }],
    ['usr/bin/setuid', { ...textFile('program', 'test'), mode: 0o4755 }],
    [`usr/${'d'.repeat(200)}/${'f'.repeat(255)}`, textFile('text', 'test')],
    [`usr/${'d'.repeat(60)}/${'f'.repeat(90)}`, textFile('text', 'test')],
    ['usr/share/größe', textFile('', 'test')],
    ['usr/share/short', link('../bin/demo')],
    ...[99, 100, 101, 3000].flatMap((length): [string, Entry][] => [
      [`usr/share/above-${length}`, link(`../../${'t'.repeat(length - 6)}`)],
      [`usr/share/absolute-${length}`, link(`/${'t'.repeat(length - 1)}`)],
      [`usr/share/${'l'.repeat(200)}-${length}`, link(`./${'é'.repeat(length / 2)}`)],
    ]),
  ]),
);

test.each(profiles)('writes what it is given, packed with zstd, with profile %s', async (profile) => {
  const { algorithm, blockSize } = await writeSquashfs(context, tree, image, {
    profile,
    transport: 'plain',
    subject: 'demo',
  });
  await using opened = await openImage(context, image);
  expect(compareTrees(tree, opened.tree)).toEqual([]);
  expect(algorithm).toBe('zstd');
  expect(opened.facts).toMatchObject({ fileSystem: 'squashfs', compression: algorithm, blockSize, createdAt: 0 });
  expect(opened.root).toEqual({ type: 'directory', mode: 0o755, uid: 0, gid: 0, xattrs: [] });
});

test('writes the same bytes for every user', async (test) => {
  needsRoot(test);
  const options = { profile: 'fast', transport: 'plain', subject: 'demo' } as const;
  await writeSquashfs(context, tree, image, options);
  const programs = `${directory.path}/programs`;
  await mkdir(programs);
  await writeFile(
    `${programs}/mksquashfs`,
    '#!/bin/sh\nPATH=${PATH#*:}\nexec setpriv --reuid 1234 --regid 1234 --clear-groups mksquashfs "$@"\n',
    { mode: 0o755 },
  );
  await chmod(directory.path, 0o777);
  const env = { PATH: `${programs}:${process.env['PATH']}` };
  await writeSquashfs({ ...context, env }, tree, `${image}.2`, options);
  expect((await hashFile(`${image}.2`)).sha256).toBe((await hashFile(image)).sha256);
});

test('writes what the kernel reads', async (test) => {
  needsRoot(test);
  await writeSquashfs(context, tree, image, { profile: 'fast', transport: 'plain', subject: 'demo' });
  const mounted = `${directory.path}/mounted`;
  await mkdir(mounted);
  await execa('mount', ['-o', 'loop,ro', image, mounted]);
  try {
    expect(compareTrees(tree, await readDirectoryTree(mounted))).toEqual([]);
  } finally {
    await execa('umount', [mounted]);
  }
});
