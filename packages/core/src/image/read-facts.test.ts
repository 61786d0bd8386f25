import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { listPath } from '../listing.ts';
import { openImage, readImageFacts } from './read.ts';
import { type TestMember, diskImage, makeSquashfs, testContext } from './testing/images.ts';

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

async function problemOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SysextError);
  expect((error as SysextError).code).toBe('IMAGE_INVALID');
  return (error as SysextError).message;
}

/** Path → type, mode and size of what is in it. */
async function listing(): Promise<Record<string, string>> {
  await using opened = await openImage(context, image);
  return Object.fromEntries(
    [...opened.tree].map(([path, entry]) => {
      const { type, mode, size } = listPath(path, entry);
      return [path, [type, mode, size].join(' ').trim()];
    }),
  );
}

const types = {
  'root-x86-64': '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
  'usr-arm64': 'b0e01050-ee5f-4390-949a-9101b17104e9',
  'root-x86-64-verity': '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
  esp: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
};

describe('disk images', () => {
  async function squashfs(): Promise<Buffer> {
    await makeSquashfs(
      image,
      [root, { path: 'bin/', type: 'Directory', mode: 0o750 }, { path: 'bin/a', content: 'one' }],
      ['-root-mode', '755'],
    );
    return await readFile(image);
  }

  test.each([512, 4096])('reads the root partition, with sectors of %i bytes', async (sector) => {
    const content = await squashfs();
    const verity = { type: types['root-x86-64-verity'], content: Buffer.alloc(4096) };
    await writeFile(image, diskImage([verity, { type: types['root-x86-64'], content }], sector));
    expect(await readImageFacts(image)).toMatchObject({
      fileSystem: 'squashfs',
      offset: 1024 ** 2 + 4096,
      partitions: [
        { role: 'root-x86-64-verity', offset: 1024 ** 2, size: 4096 },
        { role: 'root-x86-64', type: types['root-x86-64'], uuid: '00000000-0000-4000-8000-000000000001' },
      ],
    });
    expect(await listing()).toEqual({ bin: 'directory 0750', 'bin/a': 'file 0755 3' });
  });

  test('puts the tree of a usr partition below usr', async () => {
    await writeFile(image, diskImage([{ type: types['usr-arm64'], content: await squashfs() }]));
    expect(await listing()).toEqual({ usr: 'directory 0755', 'usr/bin': 'directory 0750', 'usr/bin/a': 'file 0755 3' });
  });

  test('says which partitions there are when none is root or usr', async () => {
    await writeFile(image, diskImage([{ type: types.esp, content: Buffer.alloc(4096) }]));
    expect(await problemOf(openImage(context, image))).toContain(types.esp);
  });

  test('does not choose between two partitions', async () => {
    const content = await squashfs();
    await writeFile(
      image,
      diskImage([
        { type: types['root-x86-64'], content },
        { type: types['usr-arm64'], content },
      ]),
    );
    expect(await problemOf(openImage(context, image))).toContain('2 partitions for root or usr');
  });

  test('refuses a partition that the file does not hold', async () => {
    const disk = diskImage([{ type: types['root-x86-64'], content: await squashfs() }]);
    await writeFile(image, disk.subarray(0, disk.length - 1));
    expect(await problemOf(readImageFacts(image))).toContain('truncated');
  });

  test('names an unknown file system in a partition', async () => {
    await writeFile(image, diskImage([{ type: types['root-x86-64'], content: Buffer.alloc(4096, 1) }]));
    expect((await readImageFacts(image)).fileSystem).toBe('unknown');
    expect(await problemOf(openImage(context, image))).toContain('unknown');
  });
});

describe('what is no image', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['gzip', gzipSync('x')],
    ['web page', Buffer.from('\n<!DOCTYPE html><title>Not found</title>')],
    ['an xz file', Buffer.from('\xfd7zXZ\0', 'latin1')],
    ['a zstd file', Buffer.from('\x28\xb5\x2f\xfd', 'latin1')],
    ['zeros', Buffer.alloc(4096)],
    ['neither', Buffer.from('hello')],
  ])('says what it is: %s', async (word, bytes) => {
    await writeFile(image, bytes);
    expect(await problemOf(readImageFacts(image))).toContain(word);
  });

  test('refuses a directory', async () => {
    expect(await problemOf(readImageFacts(directory.path))).toContain('no regular file');
  });

  test('names a file that is not there', async () => {
    await expect(readImageFacts(image)).rejects.toMatchObject({ code: 'IO', message: expect.stringContaining(image) });
  });

  test('refuses ext4', async () => {
    const bytes = Buffer.alloc(8192);
    bytes.writeUInt16LE(0xef53, 1024 + 56);
    await writeFile(image, bytes);
    expect(await problemOf(openImage(context, image))).toContain('ext4');
  });
});
