import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../cache.ts';
import type { Context } from '../context.ts';
import { readDirectoryTree } from '../directory.ts';
import { compareTrees } from '../listing.ts';
import { type Entry, type Tree, completeTree, textFile } from '../tree.ts';
import { mkfsErofsVersion, writeErofs } from './erofs.ts';
import { profiles } from './profile.ts';
import { openImage, readImageFacts } from './read.ts';
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

const options = { profile: 'fast', subject: 'demo' } as const;
const root = { uid: 0, gid: 0, xattrs: [] } as const;

/** A tree with a blob of the cache in it, as builds have them. */
async function demoTree(): Promise<Tree> {
  const writer = await context.cache.write();
  await writer.write(Buffer.from(Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('')));
  const blob = await writer.commit();
  const program = { file: context.cache.blobPath(blob.sha256), ...blob };
  return completeTree(
    new Map<string, Entry>([
      ['usr/bin/demo', { type: 'file', mode: 0o755, ...root, content: program }],
      ['usr/bin/again', { type: 'file', mode: 0o755, ...root, content: program }],
      ['usr/bin/read-only', { type: 'file', mode: 0o444, ...root, content: program }],
      ['usr/bin/setuid', { type: 'file', mode: 0o4755, ...root, content: program }],
      ['usr/bin/link', { type: 'symlink', mode: 0o777, ...root, target: '../bin/demo' }],
      ['usr/share/empty', textFile('', 'test')],
      ['usr/share/größe', textFile('text', 'test')],
      ['usr/share/closed', { type: 'directory', mode: 0o555, ...root }],
      ['usr/share/closed/file', textFile('text', 'test')],
    ]),
  );
}

test.each(profiles)('writes what it is given with profile %s', async (profile) => {
  const tree = await demoTree();
  const compression = await writeErofs(context, tree, image, { profile, subject: 'demo' });
  expect(compression.algorithm).toBe('lz4hc');
  await using opened = await openImage(context, image);
  expect(compareTrees(tree, opened.tree)).toEqual([]);
  expect(opened.facts).toMatchObject({ fileSystem: 'erofs', compression: 'lz4', blockSize: 4096, createdAt: 0 });
  expect(opened.root).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
});

test('writes what the kernel reads', async (test) => {
  needsRoot(test);
  const tree = await demoTree();
  await writeErofs(context, tree, image, options);
  const mounted = `${directory.path}/mounted`;
  await mkdir(mounted);
  await execa('mount', ['-o', 'loop,ro', image, mounted]);
  try {
    expect(compareTrees(tree, await readDirectoryTree(mounted))).toEqual([]);
  } finally {
    await execa('umount', [mounted]);
  }
});

test('writes the same bytes, whatever umask, time zone and directories', async () => {
  const tree = await demoTree();
  await writeErofs(context, tree, image, options);
  const umask = process.umask(0o077);
  try {
    await using other = await temporaryDirectory();
    const elsewhere = testContext(other.path);
    const env = {
      ...elsewhere.env,
      TZ: 'Asia/Tokyo',
      LC_ALL: 'de_DE.UTF-8',
      TMPDIR: other.path,
      SOURCE_DATE_EPOCH: '1700000000',
    };
    await writeErofs({ ...elsewhere, env }, tree, `${image}.2`, options);
  } finally {
    process.umask(umask);
  }
  expect((await readFile(image)).equals(await readFile(`${image}.2`))).toBe(true);
});

test('stores the same bytes once', async () => {
  const tree = await demoTree();
  await writeErofs(context, tree, image, options);
  await writeErofs(context, new Map([...tree].filter(([path]) => path !== 'usr/bin/again')), `${image}.2`, options);
  expect((await stat(image)).size).toBe((await stat(`${image}.2`)).size);
});

test('leaves the cache as it was', async () => {
  const tree = await demoTree();
  const program = tree.get('usr/bin/demo');
  const file = program?.type === 'file' && 'file' in program.content ? program.content.file : '';
  const before = await stat(file);
  await writeErofs(context, tree, image, options);
  const after = await stat(file);
  expect([after.mode, after.nlink, after.mtimeMs]).toEqual([before.mode, before.nlink, before.mtimeMs]);
  expect(await readdir(`${directory.path}/cache/tmp`)).toEqual([]);
});

describe('refuses', () => {
  test.each<[string, Entry]>([
    ['belongs to 1000:0', { type: 'directory', mode: 0o755, uid: 1000, gid: 0, xattrs: [] }],
    ['carries user.a', { type: 'directory', mode: 0o755, ...root, xattrs: ['user.a'] }],
    ['is a socket', { type: 'socket', mode: 0o755, ...root, major: 0, minor: 0 }],
  ])('a path that %s', async (problem, entry) => {
    const writing = writeErofs(context, new Map([['usr', entry]]), image, options);
    await expect(writing).rejects.toMatchObject({ code: 'TREE_CONFLICT', message: expect.stringContaining(problem) });
    expect(await readdir(`${directory.path}/cache/tmp`)).toEqual([]);
  });

  test('an image that is not what was given', async () => {
    const content = { bytes: Buffer.from('text'), sha256: sha256('other'), size: 4 };
    const tree = new Map<string, Entry>([['file', { type: 'file', mode: 0o644, ...root, content }]]);
    const writing = writeErofs(context, tree, image, options);
    await expect(writing).rejects.toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('/file') });
  });
});

test('ends when it is aborted, and leaves nothing', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const tree = await demoTree();
  const writing = writeErofs({ ...context, signal: stop.signal }, tree, image, options);
  writing.catch(() => undefined);
  while (!(await readdir(`${directory.path}/cache/tmp`)).length);
  stop.abort(reason);
  await expect(writing).rejects.toBe(reason);
  expect(await readdir(`${directory.path}/cache/tmp`)).toEqual([]);
});

test('knows the version of the tool', async () => {
  expect(await mkfsErofsVersion(context)).toMatch(/^\d+\.\d+/);
});

test('names the package of a missing tool', async () => {
  const without = { ...context, env: { PATH: directory.path } };
  await expect(writeErofs(without, await demoTree(), image, options)).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    hint: expect.stringContaining('erofs-utils'),
  });
  await expect(readImageFacts(image)).rejects.toMatchObject({ code: 'IO' });
});
