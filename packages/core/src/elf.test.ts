import { existsSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DamagedElf, type Elf, isStatic, parseElf } from './elf.ts';
import { elfImage } from '@sysext/testing';
import type { Content } from './tree.ts';

const content = (bytes: Uint8Array): Content => ({ bytes, size: bytes.length, sha256: '' });

async function parse(bytes: Uint8Array): Promise<Elf> {
  const elf = await parseElf(content(bytes));
  if (elf === undefined || 'damage' in elf) throw new Error(`not read: ${JSON.stringify(elf)}`);
  return elf;
}

const everything = {
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libc.so.6', 'libdemo.so.1'],
  soname: 'libself.so.1',
  rpath: '/usr/lib/old',
  runpath: '$ORIGIN/../lib/demo:/usr/lib/demo',
  versions: { 'libc.so.6': ['GLIBC_2.2.5', 'GLIBC_2.34'], 'libm.so.6': ['GLIBC_2.29'] },
};

describe('parseElf', () => {
  test.each([
    [64, 'little'],
    [64, 'big'],
    [32, 'little'],
    [32, 'big'],
  ] as const)('reads %s bits, %s-endian', async (bits, order) => {
    const elf = await parse(elfImage({ bits, order, machine: 183, type: 3, ...everything }));
    expect(elf).toEqual({
      bits,
      machine: 183,
      type: 'shared',
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libc.so.6', 'libdemo.so.1'],
      soname: 'libself.so.1',
      rpath: ['/usr/lib/old'],
      runpath: ['$ORIGIN/../lib/demo', '/usr/lib/demo'],
      versions: new Map([
        ['libc.so.6', ['GLIBC_2.2.5', 'GLIBC_2.34']],
        ['libm.so.6', ['GLIBC_2.29']],
      ]),
    });
    expect(isStatic(elf)).toBe(false);
  });

  test('sees a program without interpreter and libraries as static', async () => {
    expect(isStatic(await parse(elfImage()))).toBe(true);
    expect(isStatic(await parse(elfImage({ type: 3, soname: 'static-pie' })))).toBe(true);
  });

  test('knows nothing about other files', async () => {
    expect(await parseElf(content(Buffer.from('#!/bin/sh\n')))).toBeUndefined();
    expect(await parseElf(content(Buffer.alloc(0)))).toBeUndefined();
    expect(await parseElf(content(Buffer.from('\x7fEL')))).toBeUndefined();
  });

  test.each([
    ['ends in its header', elfImage().subarray(0, 20), /ends within its header/],
    ['ends in its program headers', elfImage().subarray(0, 70), /truncated/],
    ['lacks its last byte', elfImage({ padding: 100_000 }).subarray(0, -1), /truncated/],
    ['has a class of its own', with8(elfImage(), 4, 3), /class 3/],
    ['has a byte order of its own', with8(elfImage(), 5, 0), /byte order 0/],
    ['has program headers of a wrong size', with8(elfImage(), 54, 57), /program headers of 57 bytes/],
    ['has no program header', with8(elfImage(), 56, 0), /0 program headers/],
    ['has more program headers than the kernel reads', with8(elfImage(), 57, 0xff), /\d{5} program headers/],
    ['has program headers at 2^56', with8(elfImage(), 39, 1), /truncated/],
  ])('says what is wrong with a file that %s', async (_, bytes, message) => {
    expect(await parseElf(content(bytes))).toEqual({ damage: expect.stringMatching(message) });
  });

  test.runIf(process.platform === 'linux')('reads the program that runs this test', async () => {
    const file = process.execPath;
    const elf = await parseElf({ file, size: statSync(file).size, sha256: '' });
    expect(elf).toMatchObject({ bits: 64, interpreter: expect.stringMatching(/^\/lib.*\/ld-/) });
    expect((elf as Elf).needed).toContain('libc.so.6');
    expect((elf as Elf).versions.get('libc.so.6')).toContainEqual(expect.stringMatching(/^GLIBC_2\./));
  });

  const library = [
    '/usr/lib/x86_64-linux-gnu/libm.so.6',
    '/usr/lib64/libm.so.6',
    '/usr/lib/aarch64-linux-gnu/libm.so.6',
  ].find(existsSync);
  test.runIf(library !== undefined)('reads a library of this machine', async () => {
    const elf = await parseElf({ file: library!, size: statSync(library!).size, sha256: '' });
    expect(elf).toMatchObject({ type: 'shared', soname: 'libm.so.6', needed: expect.arrayContaining(['libc.so.6']) });
  });
});

describe('hostile input', () => {
  const settles = async (bytes: Uint8Array): Promise<Elf | DamagedElf | undefined> => {
    const elf = await parseElf(content(bytes));
    if (elf !== undefined && !('damage' in elf)) expect(elf.needed.length).toBeLessThanOrEqual(4096);
    return elf;
  };
  const image = elfImage({ ...everything, padding: 64 });

  test('random bytes behind the magic number settle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        expect(await settles(Buffer.concat([Buffer.from('\x7fELF\x02\x01'), bytes]))).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  test('flipped bytes settle', async () => {
    const flip = fc.record({ at: fc.nat(image.length - 1), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 6 }), async (flips) => {
        const bytes = Buffer.from(image);
        for (const { at, value } of flips) bytes[at] = value;
        await settles(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('every truncation is damage', async () => {
    for (let length = 4; length < image.length; length++) {
      expect(await settles(image.subarray(0, length))).toHaveProperty('damage');
    }
  });

  test('a chain of versions that goes on is cut off', async () => {
    const versions = { 'libc.so.6': Array.from({ length: 5000 }, (_, index) => `GLIBC_2.${index}`) };
    expect(await settles(elfImage({ needed: ['libc.so.6'], versions }))).toEqual({
      damage: 'more than 4096 symbol versions',
    });
  });

  test('a list of libraries that goes on is cut off', async () => {
    const needed = Array.from({ length: 5000 }, () => 'a');
    expect(await settles(elfImage({ needed }))).toEqual({ damage: '5003 dynamic entries' });
  });
});

function with8(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}
