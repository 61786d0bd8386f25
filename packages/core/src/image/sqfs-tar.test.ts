import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { CutShort, type TarEntry, readSqfsTar } from './sqfs-tar.ts';
import { tarOfMembers } from './testing/images.ts';

/** The record types of sqfs2tar: a header, and its payload padded to whole blocks. */
function record(
  type: string,
  payload: string | Buffer,
  fields: readonly [offset: number, value: string | Buffer][] = [],
): Buffer {
  const bytes = Buffer.from(payload as string);
  const header = Buffer.alloc(512);
  header.write('ustar  \0', 257, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(bytes.length.toString(8).padStart(11, '0'), 124, 'latin1');
  for (const [offset, value] of fields) Buffer.from(value as string).copy(header, offset);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const end = Buffer.alloc(1024);

/** Serves bytes in pieces of a length, as a pipe may. */
async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(tar: Buffer, length = 100): Promise<{ name: string; text: string; entry: TarEntry }[]> {
  const found: { name: string; text: string; entry: TarEntry }[] = [];
  await readSqfsTar(inPieces(tar, length), 'x.raw', async (entry, content) => {
    const parts: Buffer[] = [];
    for await (const part of content) parts.push(part);
    found.push({ name: entry.name.toString(), text: Buffer.concat(parts).toString(), entry });
  });
  return found;
}

test.each([1, 511, 512, 513, 100_000])(
  'reads names, contents and long names from pieces of %i bytes',
  async (length) => {
    const tar = Buffer.concat([
    record('L', './long'.padEnd(200, 'g')),
    record('K', 'target'.repeat(40)),
    record('2', '', [[0, 'gnu/data0'], [100, '0000777 '], [108, '0001750 ']]),
    record('0', 'content', [[0, './file'], [100, '0004755 ']]),
    end,
  ]); // prettier-ignore
    const [link, file] = await read(tar, length);
    expect(link).toMatchObject({
      name: './long'.padEnd(200, 'g'),
      entry: { type: '2', mode: 0o777, uid: 1000, xattrs: [] },
    });
    expect(link!.entry.linkTarget.toString()).toBe('target'.repeat(40));
    expect(file).toMatchObject({ name: './file', text: 'content', entry: { type: '0', mode: 0o4755, size: 7 } });
  },
);

test('reads numbers too large for octal digits', async () => {
  const [file] = await read(
    Buffer.concat([
      record('0', '', [
        [0, './a'],
        [108, Buffer.from([0x80, 0, 0, 0, 0xb2, 0xd0, 0x5e, 0])],
      ]),
      end,
    ]),
  );
  expect(file!.entry.uid).toBe(3_000_000_000);
});

test('passes over contents that nobody reads', async () => {
  const names: string[] = [];
  const tar = Buffer.concat([record('0', 'x'.repeat(5000), [[0, './a']]), record('0', 'y', [[0, './b']]), end]);
  await readSqfsTar(inPieces(tar, 1000), 'x.raw', async ({ name }) => void names.push(name.toString()));
  expect(names).toEqual(['./a', './b']);
});

test('cuts extended headers by their lengths', async () => {
  const value = '\n22 path=usr/bin/evil\n';
  const line = ` SCHILY.xattr.user.a=${value}\n`;
  const [file] = await read(
    Buffer.concat([record('x', `${line.length + 2}${line}`), record('0', '', [[0, './a']]), end]),
  );
  expect(file!.entry.xattrs.map(String)).toEqual(['user.a']);
  expect(file!.name).toBe('./a');
});

describe('refuses', () => {
  test.each([
    ['an extended header of another kind', Buffer.concat([record('x', '11 path=abc\n'), end]), 'unknown kind'],
    ['an extended header that ends early', Buffer.concat([record('x', '99 SCHILY.xattr.a=b\n'), end]), 'unknown kind'],
    ['an extended header without a length', Buffer.concat([record('x', ' SCHILY.xattr.a=b\n'), end]), 'unknown kind'],
    ['what is no tar', Buffer.alloc(512, 'x'), 'no tar'],
    ['a name of many megabytes', record('L', '', [[124, '77777777777\0']]), 'bytes of names'],
  ])('%s', async (_, tar, problem) => {
    await expect(read(tar)).rejects.toThrow(problem);
  });
});

test.each([0, 100, 512, 515, 1100])('knows when it is cut short: %i bytes', async (length) => {
  await expect(
    read(Buffer.concat([record('0', 'content', [[0, './a']]), end]).subarray(0, length)),
  ).rejects.toBeInstanceOf(CutShort);
});

test('ends in entries, IMAGE_INVALID or CutShort, whatever the bytes', async () => {
  const tar = Buffer.concat([
    record('L', './l'),
    record('x', '22 SCHILY.xattr.u.a=b\n'),
    record('0', 'content', [[0, './a']]),
    end,
  ]);
  const changes = fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      const bytes = Buffer.from(tar);
      for (const [at, byte] of changed) bytes[at] = byte;
      await read(bytes, 4096).catch((error: unknown) => {
        if (error instanceof CutShort) return;
        expect(error).toBeInstanceOf(SysextError);
        expect((error as SysextError).code).toBe('IMAGE_INVALID');
      });
    }),
    { numRuns: 500 },
  );
});

test('does not take the general form of pax, which sqfs2tar does not write', async () => {
  await expect(read(tarOfMembers([{ path: 'a' }]))).rejects.toThrow('unknown kind');
});
