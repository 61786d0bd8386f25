import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { parseErofs, parseSuperBlock, superBlockArea } from './superblock.ts';

function squashfs(change: (block: Buffer) => void = () => undefined): Buffer {
  const block = Buffer.alloc(96);
  block.write('hsqs', 'latin1');
  block.writeUInt32LE(1_700_000_000, 8);
  block.writeUInt32LE(1024 ** 2, 12);
  block.writeUInt16LE(6, 20);
  block.writeUInt16LE(20, 22);
  block.writeUInt16LE(4, 28);
  block.writeBigUInt64LE(5000n, 40);
  change(block);
  return block;
}

function erofs(change: (block: Buffer) => void = () => undefined): Buffer {
  const head = Buffer.alloc(4096);
  const block = head.subarray(1024);
  block.writeUInt32LE(0xe0f5e1e2, 0);
  block.writeUInt8(12, 12);
  block.writeBigUInt64LE(1000n, 24);
  block.writeUInt32LE(3, 36);
  change(block);
  return head;
}

const parse = (head: Buffer): unknown => parseSuperBlock(head, 'x.raw');

test('reads a squashfs', () => {
  expect(parse(squashfs())).toEqual({
    fileSystem: 'squashfs',
    compression: 'zstd',
    blockSize: 1024 ** 2,
    bytesUsed: 5000,
    createdAt: 1_700_000_000,
  });
});

test.each([
  ['ends within', squashfs().subarray(0, 95)],
  ['version 3.1', squashfs((block) => block.set([3, 0, 1, 0], 28))],
  ['block size', squashfs((block) => block.writeUInt32LE(4097, 12))],
  ['block size', squashfs((block) => block.writeUInt16LE(21, 22))],
  ['unknown compressor (7)', squashfs((block) => block.writeUInt16LE(7, 20))],
  ['gives its size as 18446744073709551615 bytes', squashfs((block) => block.fill(0xff, 40, 48))],
  ['big-endian', squashfs((block) => block.write('sqsh', 'latin1'))],
])('refuses a squashfs that no kernel mounts: %s', (problem, head) => {
  expect(() => parse(head)).toThrow(problem);
});

test.each([
  [0, 0, 'none'],
  [0x1, 0, 'lz4'],
  [0x3, 0b1, 'lz4'],
  [0x3, 0b1001, 'lz4+zstd'],
  [0x3, 0b0110, 'lzma+deflate'],
])('tells how an erofs with features %i and algorithms %i is compressed', (features, algorithms, compression) => {
  const head = erofs((block) => {
    block.writeUInt32LE(features, 80);
    block.writeUInt16LE(algorithms, 84);
  });
  expect(parse(head)).toMatchObject({
    fileSystem: 'erofs',
    compression,
    blockSize: 4096,
    bytesUsed: 12_288,
    createdAt: 1000,
  });
});

test('verifies the checksum of an erofs', () => {
  const withChecksum = (checksum: number): Buffer =>
    erofs((block) => {
      block.writeUInt32LE(1, 8);
      block.writeUInt32LE(checksum, 4);
    });
  expect(() => parse(withChecksum(1))).toThrow('the checksum does not fit');
});

test('refuses an erofs with blocks of impossible size', () => {
  expect(() => parse(erofs((block) => block.writeUInt8(40, 12)))).toThrow('2^40');
  expect(() => parse(erofs().subarray(0, 1100))).toThrow('ends within');
});

test('knows ext4 and btrfs', () => {
  const ext4 = Buffer.alloc(2048);
  ext4.writeUInt16LE(0xef53, 1080);
  ext4.writeUInt32LE(2, 1048);
  ext4.writeUInt32LE(10, 1028);
  expect(parse(ext4)).toMatchObject({ fileSystem: 'ext4', blockSize: 4096, bytesUsed: 40_960 });
  const btrfs = Buffer.alloc(superBlockArea + 1024);
  btrfs.write('_BHRfS_M', 65_600, 'latin1');
  expect(parse(btrfs)).toMatchObject({ fileSystem: 'btrfs' });
});

test('takes nothing else for an image', () => {
  expect(parse(Buffer.alloc(0))).toBeUndefined();
  expect(parse(Buffer.alloc(superBlockArea))).toBeUndefined();
});

test('ends in facts or in IMAGE_INVALID, whatever the bytes', () => {
  const magics = fc.constantFrom(squashfs(), erofs(), Buffer.alloc(superBlockArea));
  const changes = fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(magics, changes, fc.nat(5000), (magic, changed, length) => {
      const head = Buffer.from(magic);
      for (const [at, byte] of changed) head[at] = byte;
      try {
        const found = parseSuperBlock(head.subarray(0, length), 'x.raw');
        if (found === undefined) return;
        for (const number of [found.blockSize, found.bytesUsed, found.createdAt])
          expect(number).toBeGreaterThanOrEqual(0);
        parseErofs(head, 'x.raw');
      } catch (error) {
        expect(error).toBeInstanceOf(SysextError);
        expect((error as SysextError).code).toBe('IMAGE_INVALID');
      }
    }),
    { numRuns: 2000 },
  );
});
