import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { elfImage, temporaryDirectory, tinyElf } from '@sysext/testing';
import { execa } from 'execa';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Elf, parseElf } from './elf.ts';
import { relocateElf } from './elf-relocate.ts';

const to = { interpreter: '/usr/lib/demo/ld.so', libraries: '/usr/lib/demo' };
const image = { interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'], soname: 'demo', note: true };

async function facts(bytes: Uint8Array): Promise<Elf> {
  return (await parseElf({ bytes, sha256: '', size: bytes.length })) as Elf;
}

describe('relocateElf', () => {
  test.each([
    ['without a library path', { ...image, spare: 1 }],
    ['with a DT_RUNPATH', { ...image, runpath: '/opt/x' }],
    ['with a DT_RPATH', { ...image, rpath: '/opt/x' }],
  ])('a program %s gets loader and library path, and keeps what it needs', async (_, wanted) => {
    const moved = relocateElf(elfImage(wanted), to);
    expect(await facts(moved)).toMatchObject({
      interpreter: to.interpreter,
      needed: ['libc.so.6'],
      soname: 'demo',
      rpath: [to.libraries],
      runpath: [],
    });
    expect(relocateElf(elfImage(wanted), to).equals(moved)).toBe(true);
  });

  test('a library gets the path alone', async () => {
    const library = elfImage({ type: 3, needed: ['libc.so.6'], runpath: '/opt/x', note: true });
    const moved = await facts(relocateElf(library, { ...to, interpreter: undefined }));
    expect(moved).toMatchObject({ interpreter: undefined, rpath: [to.libraries], runpath: [] });
  });

  test.each([
    ['no ELF file', Buffer.from('#!/bin/sh\n'), 'no 64-bit little-endian'],
    ['of 32 bits', elfImage({ ...image, bits: 32 }), 'no 64-bit little-endian'],
    ['big-endian', elfImage({ ...image, order: 'big' }), 'no 64-bit little-endian'],
    ['static', tinyElf('x86-64'), 'not linked dynamically'],
    ['without a free entry', elfImage(image), 'no free entry'],
    ['without a note', elfImage({ ...image, spare: 1, note: false }), 'no program header to spare'],
    ['without a loader', elfImage({ needed: ['libc.so.6'], spare: 1, note: true }), 'asks for no loader'],
    ['cut off', elfImage({ ...image, spare: 1 }).subarray(0, 200), 'ends before'],
  ])('what is %s is refused', (_, bytes, message) => {
    expect(() => relocateElf(bytes, to)).toThrow(message);
  });

  test('damaged files are refused or changed, and nothing else', async () => {
    const whole = elfImage({ ...image, spare: 2, versions: { 'libc.so.6': ['GLIBC_2.2.5'] } });
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const moved = relocateElf(bytes, to);
          expect(moved.length).toBeLessThan(2 * whole.length + 4096);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a real program runs, from a directory with a loader and libraries of its own', async () => {
    await using work = await temporaryDirectory();
    const bytes = await readFile('/usr/bin/env');
    const { interpreter, needed } = await facts(bytes);
    await mkdir(join(work.path, 'lib'));
    const loader = join(work.path, 'lib', 'ld.so');
    await writeFile(loader, await readFile(await realpath(interpreter!)));
    await chmod(loader, 0o755);
    for (const library of needed) {
      const { stdout } = await execa(interpreter!, ['--list', '/usr/bin/env']);
      const [, path] = new RegExp(`${library.replaceAll('.', '\\.')} => (\\S+)`).exec(stdout)!;
      await writeFile(join(work.path, 'lib', library), await readFile(path!));
    }
    const program = join(work.path, 'env');
    await writeFile(program, relocateElf(bytes, { interpreter: loader, libraries: join(work.path, 'lib') }), {
      mode: 0o755,
    });
    const { stdout } = await execa(program, ['cat', '/proc/self/maps']);
    expect(stdout).toContain('cat');
    const listed = await execa(loader, ['--list', program]);
    for (const library of needed) expect(listed.stdout).toContain(`${library} => ${join(work.path, 'lib', library)}`);
  });
});
