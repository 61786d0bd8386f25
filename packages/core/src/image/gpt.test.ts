import fc from 'fast-check';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { parseGptHeader, parsePartitions } from './gpt.ts';
import { diskImage } from './testing/images.ts';

const rootX86 = '4f68bce3-e8cd-4db1-96e7-fbcaf984b709';

function partitionsOf(disk: Buffer): ReturnType<typeof parsePartitions> {
  const header = parseGptHeader(disk.subarray(0, 8192), 'x.raw')!;
  const table = disk.subarray(header.offset, header.offset + header.entries * header.entrySize);
  return parsePartitions(table, header, disk.length, 'x.raw');
}

test.each([512, 1024, 2048, 4096])('reads a table of sectors of %i bytes', (sector) => {
  const disk = diskImage([{ type: rootX86, content: Buffer.alloc(5000) }], sector);
  expect(partitionsOf(disk)).toEqual([
    { type: rootX86, role: 'root-x86-64', uuid: '00000000-0000-4000-8000-000000000000', offset: 1024 ** 2, size: 8192 },
  ]);
});

test('names the partitions as systemd does', async () => {
  const { stdout, failed } = await execa('systemd-id128', ['show'], { reject: false });
  const known = stdout.matchAll(/^((?:root|usr)-(?:x86-64|arm64)(?:-verity(?:-sig)?)?) +([0-9a-f]{32})$/gm);
  const types = failed
    ? []
    : [...known].map(([, role, id]) => [role!, id!.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')]);
  for (const [role, type] of types)
    expect(partitionsOf(diskImage([{ type: type!, content: Buffer.alloc(1) }]))).toMatchObject([{ role }]);
  if (!failed) expect(types).toHaveLength(12);
});

test('finds none where none is', () => {
  expect(parseGptHeader(Buffer.alloc(8192), 'x.raw')).toBeUndefined();
  expect(parseGptHeader(Buffer.alloc(0), 'x.raw')).toBeUndefined();
});

test('refuses a partition beyond the end of the file', () => {
  const disk = diskImage([{ type: rootX86, content: Buffer.alloc(5000) }]);
  expect(() => partitionsOf(disk.subarray(0, 1024 ** 2))).toThrow('truncated');
});

test('ends in partitions within the file or in IMAGE_INVALID, whatever the bytes', () => {
  const disk = diskImage([{ type: rootX86, content: Buffer.alloc(5000) }]);
  const changes = fc.array(fc.tuple(fc.integer({ min: 512, max: 1300 }), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(changes, (changed) => {
      const head = Buffer.from(disk.subarray(0, 8192));
      for (const [at, byte] of changed) head[at] = byte;
      try {
        const header = parseGptHeader(head, 'x.raw');
        if (header === undefined) return;
        expect(header.entries * header.entrySize).toBeLessThanOrEqual(4 * 1024 ** 2);
        const table = head.subarray(header.offset, header.offset + header.entries * header.entrySize);
        for (const { offset, size } of parsePartitions(table, header, disk.length, 'x.raw')) {
          expect(offset + size).toBeLessThanOrEqual(disk.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(SysextError);
        expect((error as SysextError).code).toBe('IMAGE_INVALID');
      }
    }),
    { numRuns: 2000 },
  );
});
