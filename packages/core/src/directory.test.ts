import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDirectoryTree } from './directory.ts';
import { needsRoot } from './image/testing/root.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  path = directory.path;
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, xattrs: [] };

test('reads files, directories, links and special files as they are', async () => {
  await mkdir(`${path}/usr/bin`, { recursive: true });
  await writeFile(`${path}/usr/bin/a`, 'one');
  await chmod(`${path}/usr/bin/a`, 0o4755);
  await chmod(`${path}/usr/bin`, 0o700);
  await symlink('../../nowhere', `${path}/usr/bin/b`);
  await execa('mkfifo', ['-m', '600', `${path}/usr/c`]);
  const server = createServer().listen(`${path}/usr/d`);
  const tree = await readDirectoryTree(path);
  server.close();
  expect([...tree.keys()]).toEqual(['usr', 'usr/bin', 'usr/bin/a', 'usr/bin/b', 'usr/c', 'usr/d']);
  expect(tree.get('usr/bin')).toEqual({ type: 'directory', mode: 0o700, ...me });
  expect(tree.get('usr/bin/a')).toEqual({
    type: 'file',
    mode: 0o4755,
    ...me,
    content: {
      file: `${path}/usr/bin/a`,
      size: 3,
      sha256: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
    },
  });
  expect(tree.get('usr/bin/b')).toEqual({ type: 'symlink', mode: 0o777, ...me, target: '../../nowhere' });
  expect(tree.get('usr/c')).toMatchObject({ type: 'fifo', mode: 0o600 });
  expect(tree.get('usr/d')).toMatchObject({ type: 'socket' });
});

test('reads owners and devices', async (test) => {
  needsRoot(test);
  await writeFile(`${path}/a`, 'one');
  await chown(`${path}/a`, 1000, 3_000_000_000);
  await execa('mknod', [`${path}/b`, 'b', '300', '70000']);
  await execa('mknod', [`${path}/c`, 'c', '0', '0']);
  const tree = await readDirectoryTree(path);
  expect(tree.get('a')).toMatchObject({ uid: 1000, gid: 3_000_000_000 });
  expect(tree.get('b')).toMatchObject({ type: 'block-device', major: 300, minor: 70_000 });
  expect(tree.get('c')).toMatchObject({ type: 'character-device', major: 0, minor: 0 });
});

test.each([
  ['a\nb', 'control character'],
  [Buffer.from([0x61, 0xff]), 'not UTF-8'],
])('refuses names that no image may hold', async (name, problem) => {
  await writeFile(Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name as string)]), '');
  await expect(readDirectoryTree(path)).rejects.toMatchObject({
    code: 'NAME_INVALID',
    message: expect.stringContaining(problem),
  });
});

test('names a directory that is not there, or is none', async () => {
  await expect(readDirectoryTree(`${path}/x`)).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining(`${path}/x`),
  });
  await writeFile(`${path}/x`, '');
  await expect(readDirectoryTree(`${path}/x`)).rejects.toMatchObject({ code: 'IO' });
});

test('reads an empty directory', async () => {
  expect((await readDirectoryTree(path)).size).toBe(0);
});
