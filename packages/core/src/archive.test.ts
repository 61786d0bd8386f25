import { readFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execa } from 'execa';
import { type ArchiveMember, gzip, squashfs, tar, temporaryDirectory, zip } from '@sysext/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatOf, limits, readArchive } from './archive.ts';
import { Cache } from './cache.ts';
import { type Context, createContext } from './context.ts';
import { SysextError } from './errors.ts';
import type { ArchiveFormat } from './sources/source.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let context: Context;
beforeEach(async () => {
  directory = await temporaryDirectory();
  context = createContext({ cache: new Cache(directory.path), env: { PATH: process.env['PATH'] } });
});
afterEach(async () => await directory[Symbol.asyncDispose]());

/** Everything an archive holds: name → content, or `-> target`. */
async function read(bytes: Uint8Array, format: Exclude<ArchiveFormat, 'raw'>): Promise<Record<string, string>> {
  const writer = await context.cache.write();
  await writer.write(bytes);
  const found: Record<string, string> = {};
  await readArchive(context, await writer.commit(), format, 'test', async (member) => {
    if (member.type !== 'file') return void (found[member.name] = `-> ${member.target}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of member.content()) chunks.push(chunk);
    found[member.name] = Buffer.concat(chunks).toString('latin1');
  });
  return found;
}

const codeOf = async (reading: Promise<unknown>): Promise<string> => {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SysextError);
  return (error as SysextError).code;
};

const ordinary: ArchiveMember[] = [
  { path: 'etcd-v1/', type: 'Directory' },
  { path: 'etcd-v1/etcd', content: 'program' },
  { path: `etcd-v1/${'long/'.repeat(30)}name`, content: 'deep' },
  { path: 'etcd-v1/link', type: 'SymbolicLink', linkpath: 'etcd' },
  { path: 'etcd-v1/empty' },
  { path: './dotted', content: 'x' },
];
const ordinaryContent = { 'etcd-v1/etcd': 'program', 'etcd-v1/link': '-> etcd', 'etcd-v1/empty': '', dotted: 'x' };

describe('formats', () => {
  const small = ordinary.filter(({ path }) => path.length < 100);
  test.each([
    ['tar', async (bytes: Buffer) => bytes],
    ['tar.gz', async (bytes: Buffer) => gzipSync(bytes)],
    ['tar.zst', async (bytes: Buffer) => zstdCompressSync(bytes)],
    [
      'tar.xz',
      async (bytes: Buffer) => Buffer.from((await execa('xz', ['-c'], { input: bytes, encoding: 'buffer' })).stdout),
    ],
    [
      'tar.bz2',
      async (bytes: Buffer) => Buffer.from((await execa('bzip2', ['-c'], { input: bytes, encoding: 'buffer' })).stdout),
    ],
    ['squashfs', squashfs],
  ] as const)('%s', async (format, compress) => {
    expect(await read(await compress(tar(small)), format)).toEqual(ordinaryContent);
  });

  test('zip', async () => {
    const members = small
      .filter(({ type }) => type !== 'Directory')
      .map((member) => ({ ...member, path: member.path.replace('./', '') }));
    expect(await read(zip(members), 'zip')).toEqual(ordinaryContent);
  });

  test('what GNU tar writes, long names and hard links included', async () => {
    const name = 'n'.repeat(180);
    const work = directory.path;
    await execa(
      'sh',
      ['-c', `mkdir w && cd w && echo a > ${name} && ln ${name} hard && ln -s ${name} soft && tar czf ../gnu.tgz *`],
      { cwd: work },
    );
    const found = await read(await readFile(`${work}/gnu.tgz`), 'tar.gz');
    expect(Object.keys(found).toSorted()).toEqual(['hard', name, 'soft'].toSorted());
    expect(Object.values(found)).toContain('a\n');
  });

  test.each([
    ['a.tar.gz', 'tar.gz'],
    ['a.tgz', 'tar.gz'],
    ['a.tar.zst', 'tar.zst'],
    ['a.tbz', 'tar.bz2'],
    ['a.zip', 'zip'],
    ['kubelet', 'raw'],
    ['a.gz', 'raw'],
  ])('%s is %s', (name, format) => expect(formatOf(name)).toBe(format));
});

describe('hostile archives', () => {
  const good: ArchiveMember = { path: 'etcd', content: 'program' };
  const hostile: [string, ArchiveMember][] = [
    ['a name that climbs', { path: '../../etc/passwd', content: 'x' }],
    ['a name that climbs later', { path: 'a/../../x', content: 'x' }],
    ['an absolute name', { path: '/etc/passwd', content: 'x' }],
    ['a link that escapes', { path: 'a', type: 'SymbolicLink', linkpath: '../../etc' }],
    ['an absolute link', { path: 'a', type: 'SymbolicLink', linkpath: '/etc' }],
    ['a control character in a name', { path: 'a\u001b[2Jb', content: 'x' }],
  ];
  test.each(hostile)('%s is refused: tar', async (_, member) => {
    expect(await codeOf(read(gzip(tar([good, member])), 'tar.gz'))).toBe('ARCHIVE_UNSAFE');
  });
  test.each(hostile)('%s is refused: zip', async (_, member) => {
    expect(await codeOf(read(zip([good, member]), 'zip'))).toBe('ARCHIVE_UNSAFE');
  });

  test.each(['CharacterDevice', 'BlockDevice', 'FIFO'] as const)('%s is refused', async (type) => {
    expect(await codeOf(read(gzip(tar([good, { path: 'dev', type }])), 'tar.gz'))).toBe('ARCHIVE_UNSAFE');
  });
  test('a device in a zip is refused', async () => {
    expect(await codeOf(read(zip([{ path: 'dev', type: 'CharacterDevice' }]), 'zip'))).toBe('ARCHIVE_UNSAFE');
  });
  test('a hard link to the outside is refused', async () => {
    expect(await codeOf(read(gzip(tar([{ path: 'a', type: 'Link', linkpath: '../x' }])), 'tar.gz'))).toBe(
      'ARCHIVE_UNSAFE',
    );
  });
  test('a directory that climbs is refused', async () => {
    expect(await codeOf(read(gzip(tar([{ path: '../x/', type: 'Directory' }])), 'tar.gz'))).toBe('ARCHIVE_UNSAFE');
  });

  test('100,000 members are too many', async () => {
    const members = Array.from({ length: 100_000 }, (_, i) => ({ path: `m${i}` }));
    expect(await codeOf(read(gzip(tar(members)), 'tar.gz'))).toBe('ARCHIVE_TOO_LARGE');
  });

  test('a declared size of 1 TiB is refused before anything is written', async () => {
    expect(await codeOf(read(gzip(tar([{ path: 'big', content: 'x', size: 1024 ** 4 }])), 'tar.gz'))).toBe(
      'ARCHIVE_TOO_LARGE',
    );
  });

  test('a decompression bomb ends early', async () => {
    const bomb = gzipSync(
      Buffer.concat([tar([{ path: 'zeros', size: 400 * 1024 ** 2 }]).subarray(0, 512), Buffer.alloc(400 * 1024 ** 2)]),
    );
    expect(bomb.length).toBeLessThan(1024 ** 2);
    const before = process.memoryUsage.rss();
    expect(await codeOf(readWithoutContent(bomb))).toBe('ARCHIVE_TOO_LARGE');
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 ** 2);
  });

  async function readWithoutContent(bytes: Uint8Array): Promise<void> {
    const writer = await context.cache.write();
    await writer.write(bytes);
    await readArchive(context, await writer.commit(), 'tar.gz', 'test', async () => undefined);
  }

  test.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('this is no archive')],
    ['a truncated archive', gzip(tar(ordinary.slice(0, 2))).subarray(0, 80)],
    ['a tar without its end', gzip(tar([{ path: 'a', content: Buffer.alloc(5000) }]).subarray(0, 3000))],
    ['compressed text', gzip(Buffer.from('this is no archive'.repeat(100)))],
  ])('%s is no archive', async (_, bytes) => {
    expect(await codeOf(read(bytes, 'tar.gz'))).toBe('ARCHIVE_INVALID');
  });

  test.each(['zip', 'tar.xz', 'tar.zst', 'tar.bz2', 'tar'] as const)('random bytes are no %s', async (format) => {
    expect(await codeOf(read(Buffer.from('random bytes'.repeat(100)), format))).toBe('ARCHIVE_INVALID');
  });

  test('whatever a bit flip does, it is one of our errors or the content', async () => {
    const bytes = tar([good, { path: 'l', type: 'SymbolicLink', linkpath: 'etcd' }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(1100), fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        await read(flipped, 'tar').catch((error: unknown) => expect(error).toBeInstanceOf(SysextError));
      }),
      { numRuns: 150 },
    );
  });

  test('an error of the reader ends the reading, and is the one that is thrown', async () => {
    const writer = await context.cache.write();
    await writer.write(
      gzip(tar(Array.from({ length: 1000 }, (_, i) => ({ path: `m${i}`, content: 'x'.repeat(2000) })))),
    );
    const mine = new SysextError('NO_SPACE', 'mine');
    let seen = 0;
    const reading = readArchive(context, await writer.commit(), 'tar.gz', 'test', async () => {
      if (++seen === 3) throw mine;
    });
    await expect(reading).rejects.toBe(mine);
    expect(seen).toBe(3);
  });

  test('the limits leave room for the largest real archive', () => {
    expect(limits.size).toBeGreaterThan(4 * 1024 ** 3);
  });
});
