import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { writeAllWhole } from './write.ts';

test('several files are written, and their directories made', async () => {
  await using directory = await temporaryDirectory();
  const [a, b] = [join(directory.path, 'a'), join(directory.path, 'deep', 'er', 'b')];
  await writeAllWhole([
    [a, 'one'],
    [b, Buffer.from('two')],
  ]);
  expect([await readFile(a, 'utf8'), await readFile(b, 'utf8')]).toEqual(['one', 'two']);
});

test('none is written when one cannot be, and nothing else is left', async () => {
  await using directory = await temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  await writeFile(path('a'), 'old');
  await writeFile(path('file'), '');
  await expect(
    writeAllWhole([
      [path('a'), 'new'],
      [path('file/b'), 'new'],
    ]),
  ).rejects.toMatchObject({ code: 'IO', message: expect.stringContaining('file/b') });
  expect(await readFile(path('a'), 'utf8')).toBe('old');
  expect((await readdir(directory.path)).toSorted()).toEqual(['a', 'file']);
});

test('a place that is taken by a directory is named, and no temporary file stays', async () => {
  await using directory = await temporaryDirectory();
  await mkdir(join(directory.path, 'a'));
  await expect(writeAllWhole([[join(directory.path, 'a'), 'x']])).rejects.toMatchObject({ code: 'IO' });
  expect(await readdir(directory.path)).toEqual(['a']);
});
