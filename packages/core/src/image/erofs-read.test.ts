import { createHash } from 'node:crypto';
import { chmod, chown, link, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { readDirectoryTree } from '../directory.ts';
import { SysextError } from '../errors.ts';
import { compareTrees, listPath } from '../listing.ts';
import { openImage, readImageFacts } from './read.ts';
import { diskImage, makeSquashfs, testContext } from './testing/images.ts';
import { needsRoot } from './testing/root.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let context: Context;
let image: string;
let source: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  context = testContext(directory.path);
  image = `${directory.path}/demo.raw`;
  source = `${directory.path}/source`;
  await mkdir(`${source}/usr/bin`, { recursive: true });
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const mkfs = async (...options: string[]): Promise<unknown> =>
  await execa('mkfs.erofs', ['--quiet', '-T0', ...options, image, source]);

/** Text that compresses well, and differs from place to place. */
const numbers = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `${from + index}\n`).join('');

/** Bytes that do not compress; the same ones every time, for mkfs.erofs does not get all of them right. */
function noise(length: number): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(`${index}`).digest(),
  );
  return Buffer.concat(parts).subarray(0, length);
}

/** Files whose data falls into every kind of place: none, inline, whole blocks, many clusters, stored ones. */
async function writeFiles(): Promise<void> {
  const contents: Record<string, string | Buffer> = {
    empty: '',
    tiny: 'x',
    inline: numbers(300),
    block: Buffer.alloc(4096, 'block'),
    blocks: Buffer.alloc(40_960, 'abc'),
    stored: noise(10_000),
    clusters: numbers(200_000),
    mixed: Buffer.concat([
      Buffer.from(numbers(3000)),
      noise(70_000),
      Buffer.alloc(300_000),
      Buffer.from(numbers(5000, 99)),
    ]),
  };
  for (const [name, content] of Object.entries(contents)) await writeFile(`${source}/usr/bin/${name}`, content);
}

describe('reads what mkfs.erofs was given', () => {
  test.each([
    ['nothing'],
    ['-zlz4hc'],
    ['-zlz4hc,12', '-C65536'],
    ['-zlz4', '-C1048576'],
    ['-zlz4hc', '-C65536', '-Eztailpacking'],
    ['-zlz4hc', '-Elegacy-compress'],
    ['-zlz4hc', '-Eforce-inode-extended'],
    ['-Enoinline_data'],
    ['--chunksize=4096'],
    ['--chunksize=65536', '-Eforce-chunk-indexes'],
  ])('with %s %s %s', async (...options) => {
    await writeFiles();
    await mkfs(...options.filter((option) => option !== 'nothing'));
    await using opened = await openImage(context, image);
    expect(compareTrees(await readDirectoryTree(source), opened.tree)).toEqual([]);
  });

  test('with a directory of many blocks', async () => {
    for (let index = 0; index < 600; index++) await writeFile(`${source}/usr/${'long'.repeat(20)}-${index}`, '');
    await mkfs();
    await using opened = await openImage(context, image);
    expect(compareTrees(await readDirectoryTree(source), opened.tree)).toEqual([]);
  });

  test('with links, modes and other types', async () => {
    await writeFile(`${source}/usr/a`, 'one');
    await link(`${source}/usr/a`, `${source}/usr/b`);
    await chmod(`${source}/usr/a`, 0o4750);
    await symlink(`../${'t'.repeat(3000)}`, `${source}/usr/c`);
    await execa('mkfifo', [`${source}/usr/d`]);
    const server = createServer().listen(`${source}/usr/e`);
    await mkfs('-zlz4hc');
    await using opened = await openImage(context, image);
    expect(compareTrees(await readDirectoryTree(source), opened.tree)).toEqual([]);
    server.close();
    expect(opened.tree.get('usr/d')?.type).toBe('fifo');
    expect(opened.tree.get('usr/e')?.type).toBe('socket');
    expect(opened.tree.get('usr/b')).toEqual(opened.tree.get('usr/a'));
  });

  test('with owners and devices', async (test) => {
    needsRoot(test);
    await writeFile(`${source}/usr/a`, 'one');
    await chown(`${source}/usr/a`, 1000, 3_000_000);
    await execa('mknod', [`${source}/usr/b`, 'c', '300', '70000']);
    await mkfs();
    await using opened = await openImage(context, image);
    expect(opened.tree.get('usr/a')).toMatchObject({ uid: 1000, gid: 3_000_000 });
    expect(opened.tree.get('usr/b')).toMatchObject({ type: 'character-device', major: 300, minor: 70_000 });
  });

  test('with extended attributes, inline and shared', async () => {
    const members = ['a', 'b', 'c', 'd'].map((name) => ({
      path: `usr/${name}`,
      content: name,
      xattrs: { 'user.shared': 'same', [`user.own-${name}`]: name },
    }));
    await makeSquashfs(image, members);
    await execa('unsquashfs', ['-quiet', '-no-progress', '-user-xattrs', '-force', '-dest', source, image]);
    await rm(image);
    await mkfs('-x1');
    await using opened = await openImage(context, image);
    expect(opened.tree.get('usr/a')?.xattrs.toSorted()).toEqual(['user.own-a', 'user.shared']);
    expect(opened.tree.get('usr/d')?.xattrs.toSorted()).toEqual(['user.own-d', 'user.shared']);
    expect(opened.tree.get('usr')?.xattrs).toEqual([]);
  });

  test('in a disk image', async () => {
    await writeFile(`${source}/usr/bin/a`, 'one');
    await mkfs('-zlz4hc');
    const content = await readFile(image);
    await writeFile(image, diskImage([{ type: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709', content }]));
    await using opened = await openImage(context, image);
    expect(compareTrees(await readDirectoryTree(source), opened.tree)).toEqual([]);
    expect(opened.facts).toMatchObject({ fileSystem: 'erofs', compression: 'lz4', offset: 1024 ** 2 });
  });
});

test('reads fragments, as Flatcar makes them', async () => {
  // mkfs.erofs 1.8.6 -zlz4hc,12 -C4096 -Efragments, of two files like these; 1.5 makes no fragments.
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, index) => `${index} ${index % 7}\n`).join('');
  await writeFile(image, zstdDecompressSync(await readFile(`${import.meta.dirname}/testing/fragments.erofs.zst`)));
  await writeFile(`${source}/usr/small`, lines(20));
  await writeFile(`${source}/usr/large`, lines(2000));
  await using opened = await openImage(context, image);
  const expected = await readDirectoryTree(source);
  for (const path of ['usr/small', 'usr/large']) {
    expect(listPath(path, opened.tree.get(path)!)).toMatchObject({
      sha256: listPath(path, expected.get(path)!).sha256,
    });
  }
});

describe('hostile images', () => {
  /** Changes the image, and takes its checksum away. */
  async function change(how: (bytes: Buffer) => void): Promise<void> {
    const bytes = await readFile(image);
    how(bytes);
    bytes.writeUInt32LE(bytes.readUInt32LE(1032) & ~1, 1032);
    await writeFile(image, bytes);
  }

  async function problemOf(): Promise<string> {
    const error: unknown = await openImage(context, image).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SysextError);
    expect((error as SysextError).code).toBe('IMAGE_INVALID');
    return (error as SysextError).message;
  }

  test.each([
    ['holds the name', 'QQQ', 'Q/Q'],
    ['twice', 'QQQ', 'abc'],
    ['control character', 'QQQ', 'Q\nQ'],
    ['not UTF-8', 'QQQ', Buffer.from([0x51, 0xff, 0x51])],
  ])('one whose directory %s', async (problem, from, to) => {
    await writeFile(`${source}/usr/abc`, 'one');
    await writeFile(`${source}/usr/${from}`, 'two');
    await mkfs();
    await change((bytes) => Buffer.from(to as string).copy(bytes, bytes.indexOf(from)));
    expect(await problemOf()).toContain(problem);
  });

  test('one whose directory contains itself', async () => {
    await mkfs();
    await change((bytes) => {
      // The entries of /usr are ".", ".." and "bin", of 12 bytes each: inode number first, then where the name begins.
      const usr = bytes.indexOf(Buffer.from('...bin')) - 36;
      bytes.copy(bytes, usr + 24, usr, usr + 8);
    });
    expect(await problemOf()).toContain('a directory with two names');
  });

  test('one compressed with what Flatcar does not mount', async () => {
    await writeFiles();
    await mkfs('-zlz4hc', '-C65536');
    await change((bytes) => bytes.writeUInt16LE(0b1000, 1024 + 84));
    expect((await readImageFacts(image)).compression).toBe('zstd');
    expect(await problemOf()).toContain('zstd');
  });

  test('one that ends before its data', async () => {
    await writeFiles();
    await mkfs();
    const bytes = await readFile(image);
    await writeFile(image, bytes.subarray(0, bytes.length - 4096));
    expect(await problemOf()).toContain('truncated');
  });

  test.each([
    ['nothing'],
    ['-zlz4hc'],
    ['-zlz4hc', '-C65536', '-Eztailpacking'],
    ['-zlz4hc', '-Elegacy-compress'],
    ['--chunksize=4096'],
  ])(
    'any, made with %s %s %s',
    async (...options) => {
      await writeFile(`${source}/usr/bin/a`, numbers(2000));
      await writeFile(`${source}/usr/bin/b`, noise(5000));
      await symlink('a', `${source}/usr/bin/c`);
      await mkfs(...options.filter((option) => option !== 'nothing'));
      const good = await readFile(image);
      const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(changes, async (changed) => {
          const bytes = Buffer.from(good);
          for (const [at, byte] of changed) bytes[at < 1152 ? at + 1152 : at] = byte;
          bytes.writeUInt32LE(bytes.readUInt32LE(1032) & ~1, 1032);
          await writeFile(image, bytes);
          try {
            await using opened = await openImage(context, image);
            expect(opened.tree.size).toBeLessThan(100);
          } catch (error) {
            expect(error).toBeInstanceOf(SysextError);
            expect((error as SysextError).code).toBe('IMAGE_INVALID');
          }
        }),
        { numRuns: 150 },
      );
    },
    30_000,
  );
});
