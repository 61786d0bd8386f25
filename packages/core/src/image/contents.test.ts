import { mkdir, readdir } from 'node:fs/promises';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { Contents, imageLimits } from './contents.ts';

async function* chunks(...parts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part as string);
}

const megabytes = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(1024 ** 2, index));

test.each([
  ['small', ['con', 'tent'], 8, 'delivers 7'],
  ['small', ['con', 'tent'], 6, 'delivers more'],
  ['large', megabytes(2), 3 * 1024 ** 2, 'delivers 2097152'],
  ['large', megabytes(3), 2 * 1024 ** 2, 'delivers more'],
])('refuses a %s file that is not as long as it says', async (_, parts, size, problem) => {
  await using directory = await temporaryDirectory();
  const contents = new Contents(directory.path, 'x.raw', 1000);
  await expect(contents.add(chunks(...parts), size)).rejects.toThrow(problem);
});

test('refuses files that add up to more than any image holds, before it reads them', async () => {
  await using directory = await temporaryDirectory();
  const contents = new Contents(directory.path, 'x.raw', 1000);
  await contents.add(chunks(''), 0);
  await expect(contents.add(chunks(), imageLimits.size + 1)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
});

test('counts what is stored twice once', async () => {
  await using directory = await temporaryDirectory();
  const contents = new Contents(directory.path, 'x.raw', 0);
  const add = async (...parts: Buffer[]): Promise<unknown> =>
    await contents.add(chunks(...parts), parts.length * 1024 ** 2);
  const first = await add(...megabytes(30));
  expect(await add(...megabytes(30))).toBe(first);
  await add(...megabytes(34));
  expect(await readdir(directory.path)).toHaveLength(2);
  await expect(add(...megabytes(2))).rejects.toThrow('unpacks to more than');
});

test('names the place when it cannot write', async () => {
  await using directory = await temporaryDirectory();
  const missing = `${directory.path}/missing`;
  const contents = new Contents(missing, 'x.raw', 1000);
  await expect(contents.add(chunks('a'), 1)).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining(missing),
  });
  await mkdir(missing);
  expect(await contents.add(chunks('a'), 1)).toMatchObject({ size: 1 });
});
