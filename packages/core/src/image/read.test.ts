import { mkdir, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { listPath } from '../listing.ts';
import { openImage, readImageFacts } from './read.ts';
import { type TestMember, makeSquashfs, patchFile, testContext } from './testing/images.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let context: Context;
let image: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  context = testContext(directory.path);
  image = `${directory.path}/demo.raw`;
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const root: TestMember = { path: './', type: 'Directory' };
const usr: TestMember = { path: 'usr/', type: 'Directory' };

async function problemOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SysextError);
  expect((error as SysextError).code).toBe('IMAGE_INVALID');
  expect(await leftovers()).toEqual([]);
  return (error as SysextError).message;
}

const leftovers = async (): Promise<string[]> => await readdir(`${directory.path}/cache/tmp`).catch(() => []);

/** Path → facts and text, as one line. */
async function listing(file = image): Promise<Record<string, string>> {
  await using opened = await openImage(context, file);
  const lines: Record<string, string> = {};
  for (const [path, entry] of opened.tree) {
    const { type, mode, uid, gid, xattrs, target, major, minor } = listPath(path, entry);
    const text =
      entry.type === 'file' && 'file' in entry.content ? await readFile(entry.content.file, 'utf8') : undefined;
    const device = major === undefined ? undefined : `${major}:${minor}`;
    lines[path] = [type, mode, `${uid}:${gid}`, ...xattrs, target ?? device ?? text]
      .filter((part) => part !== undefined)
      .join(' ');
  }
  return lines;
}

test.each(['gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'])('reads a squashfs compressed with %s', async (compression) => {
  await makeSquashfs(
    image,
    [root, usr, { path: 'usr/hello', content: 'hello '.repeat(1000), mode: 0o644 }],
    ['-comp', compression],
  );
  await using opened = await openImage(context, image);
  expect(opened.facts).toMatchObject({
    file: image,
    fileSystem: 'squashfs',
    compression,
    blockSize: 131_072,
    createdAt: 0,
    offset: 0,
  });
  expect(opened.facts.size % 4096).toBe(0);
  expect(opened.facts.bytesUsed).toBeLessThanOrEqual(opened.facts.size);
  expect([...opened.tree.keys()]).toEqual(['usr', 'usr/hello']);
  expect(opened.tree.get('usr/hello')).toMatchObject({ content: { size: 6000 } });
});

test('reads owners, modes, links, devices and names of extended attributes', async () => {
  const long = `usr/${'d'.repeat(120)}`;
  await makeSquashfs(image, [
    root,
    usr,
    { path: 'usr/a', content: 'one', mode: 0o4711, uid: 1000, gid: 3_000_000, xattrs: { 'user.b': 'x', 'security.capability': Buffer.from([0, 1, 255]) } },
    { path: 'usr/b', type: 'Link', linkpath: 'usr/a' },
    { path: 'usr/c', type: 'CharacterDevice', mode: 0o600, device: [300, 70_000] },
    { path: 'usr/d', type: 'BlockDevice', mode: 0o660, device: [8, 1] },
    { path: 'usr/e', type: 'FIFO', mode: 0o644 },
    { path: 'usr/f', type: 'SymbolicLink', mode: 0o777, linkpath: `../${'t'.repeat(300)}` },
    { path: 'usr/g', mode: 0o2755, content: '' },
    { path: long, type: 'Directory', mode: 0o1777, xattrs: { 'trusted.overlay.opaque': 'y' } },
    { path: `${long}/${'n'.repeat(250)}`, content: 'far down', mode: 0o600 },
    { path: 'usr/größe', content: 'é' },
  ], ['-root-mode', '700']); // prettier-ignore
  expect(await listing()).toEqual({
    usr: 'directory 0755 0:0',
    'usr/a': 'file 4711 1000:3000000 security.capability user.b one',
    'usr/b': 'file 4711 1000:3000000 security.capability user.b one',
    'usr/c': 'character-device 0600 0:0 300:70000',
    'usr/d': 'block-device 0660 0:0 8:1',
    [long]: 'directory 1777 0:0 trusted.overlay.opaque',
    [`${long}/${'n'.repeat(250)}`]: 'file 0600 0:0 far down',
    'usr/e': 'fifo 0644 0:0',
    'usr/f': `symlink 0777 0:0 ../${'t'.repeat(300)}`,
    'usr/g': 'file 2755 0:0 ',
    'usr/größe': 'file 0755 0:0 é',
  });
  await using opened = await openImage(context, image);
  expect(opened.root).toMatchObject({ type: 'directory', mode: 0o700, uid: process.getuid?.() });
  expect([...opened.tree.keys()]).toEqual(
    [...opened.tree.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});

test('lets no value of an extended attribute pose as something else', async () => {
  const value = Buffer.from('x\n22 path=usr/bin/evil\n17 mode=0000777\n30 SCHILY.xattr.user.fake=1\n');
  await makeSquashfs(image, [
    root,
    usr,
    { path: 'usr/a', content: 'one', mode: 0o644, xattrs: { 'user.real': value } },
  ]);
  expect(await listing()).toEqual({ usr: 'directory 0755 0:0', 'usr/a': 'file 0644 0:0 user.real one' });
});

test('sees extended attributes behind more than a megabyte of others', async () => {
  const xattrs = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`user.x${index}`, Buffer.alloc(60_000, index)]),
  );
  await makeSquashfs(image, [
    root,
    usr,
    { path: 'usr/a', type: 'Directory', xattrs: { ...xattrs, 'trusted.overlay.opaque': 'y' } },
  ]);
  expect((await listing())['usr/a']).toContain('trusted.overlay.opaque');
});

test('reads an image that holds nothing', async () => {
  await makeSquashfs(image, [root]);
  expect(await listing()).toEqual({});
});

test('stores the same content once, and nothing after it is disposed of', async () => {
  await makeSquashfs(image, [
    root,
    usr,
    { path: 'usr/a', content: 'same' },
    { path: 'usr/b', content: 'same' },
    { path: 'usr/c', content: 'other' },
  ]);
  {
    await using opened = await openImage(context, image);
    expect(opened.tree.size).toBe(4);
    const [temporary] = await leftovers();
    expect(await readdir(`${directory.path}/cache/tmp/${temporary}`)).toHaveLength(2);
  }
  expect(await leftovers()).toEqual([]);
});

test('reads large files as they are', async () => {
  const content = Buffer.alloc(3_000_001);
  for (let index = 0; index < content.length; index++) content[index] = (index * index) >> 8;
  await makeSquashfs(image, [root, usr, { path: 'usr/large', content }, { path: 'usr/again', content }]);
  await using opened = await openImage(context, image);
  const entry = opened.tree.get('usr/large');
  const file = entry?.type === 'file' && 'file' in entry.content ? entry.content.file : '';
  expect((await readFile(file)).equals(content)).toBe(true);
  expect(opened.tree.get('usr/again')).toEqual(entry);
});

describe('hostile images', () => {
  test('a truncated one', async () => {
    await makeSquashfs(image, [root, usr, { path: 'usr/a', content: 'one'.repeat(9000) }], ['-noD', '-noF']);
    await truncate(image, 8192);
    expect((await readImageFacts(image)).bytesUsed).toBeGreaterThan(8192);
    expect(await problemOf(openImage(context, image))).toContain('truncated');
  });

  test('one whose tables are damaged', async () => {
    await makeSquashfs(image, [root, usr, { path: 'usr/a', content: 'one' }], ['-comp', 'zstd']);
    const bytes = await readFile(image);
    bytes.fill(0xff, 96, bytes.readUInt32LE(40) - 8);
    await writeFile(image, bytes);
    expect(await problemOf(openImage(context, image))).toContain('cannot be read');
  });

  test.each([
    ['climbs', 'QQ', '..'],
    ['has a slash', 'QQQ', 'Q/Q'],
    ['comes twice', 'QQ', 'ab'],
  ])('one with a name that %s', async (_, from, to) => {
    await makeSquashfs(
      image,
      [root, usr, { path: 'usr/ab', content: '1' }, { path: `usr/${from}`, content: '2' }],
      ['-noI', '-noD', '-noF'],
    );
    await patchFile(image, await readFile(image), Buffer.from(from), Buffer.from(to));
    await problemOf(openImage(context, image));
    expect(await readdir(directory.path)).toEqual(['cache', 'demo.raw']);
  });

  test.each([
    ['a newline', 'usr/a\nb', 'control character'],
    ['bytes that are not UTF-8', Buffer.from('usr/\xff\xfe', 'latin1'), 'not UTF-8'],
  ])('one with a name of %s', async (_, path, problem) => {
    await makeSquashfs(image, [root, usr, { path, content: 'one' }]);
    expect(await problemOf(openImage(context, image))).toContain(problem);
  });

  test('one with a socket, which no tar can carry', async () => {
    const source = `${directory.path}/source`;
    await mkdir(`${source}/usr`, { recursive: true });
    const server = createServer().listen(`${source}/usr/s`);
    await makeSquashfs(image, { directory: source });
    server.close();
    expect(await problemOf(openImage(context, image))).toContain('the socket /usr/s');
  });

  test('one that fills the disk', async () => {
    const source = `${directory.path}/source`;
    await mkdir(`${source}/usr`, { recursive: true });
    await writeFile(`${source}/usr/zeros`, '');
    await truncate(`${source}/usr/zeros`, 200 * 1024 ** 2);
    await makeSquashfs(image, { directory: source });
    expect(await problemOf(openImage(context, image))).toContain('unpacks to more than');
  });
});

test('names the package of a missing tool', async () => {
  await makeSquashfs(image, [root]);
  await expect(openImage({ ...context, env: { PATH: directory.path } }, image)).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    hint: expect.stringContaining('squashfs-tools-ng'),
  });
  expect(await leftovers()).toEqual([]);
});

test('ends at once when it is aborted, and leaves nothing', async () => {
  const source = `${directory.path}/source`;
  await mkdir(source);
  await writeFile(`${source}/zeros`, '');
  await truncate(`${source}/zeros`, 300 * 1024 ** 2);
  await writeFile(`${source}/first`, 'one');
  await makeSquashfs(image, { directory: source }, ['-b', '1M']);
  // An image of this size may grow to what it holds.
  await truncate(image, 16 * 1024 ** 2);
  const stop = new AbortController();
  const reason = new Error('enough');
  const reading = openImage(testContext(directory.path, stop.signal), image);
  reading.catch(() => undefined);
  const unnamed = async (): Promise<boolean> => {
    const [temporary] = await leftovers();
    return temporary !== undefined && (await readdir(`${directory.path}/cache/tmp/${temporary}`)).includes('unnamed');
  };
  while (!(await unnamed()));
  stop.abort(reason);
  await expect(reading).rejects.toBe(reason);
  expect(await leftovers()).toEqual([]);
});
