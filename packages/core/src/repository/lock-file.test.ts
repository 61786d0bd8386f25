import { once } from 'node:events';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createContext } from '../context.ts';
import { withLock } from './lock-file.ts';

const context = createContext({ env: { PATH: process.env['PATH'] } });

test('one after the other, whoever comes first', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'lock');
  let inside = 0;
  const visits = Array.from({ length: 5 }, async (_, visit) =>
    withLock(context, path, async () => {
      expect(++inside).toBe(1);
      await execa('true');
      inside--;
      return visit;
    }),
  );
  expect(await Promise.all(visits)).toEqual([0, 1, 2, 3, 4]);
});

test('work whose lock is lost is told so', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'lock');
  const lost = withLock(context, path, async ({ signal }) => {
    await execa('pkill', ['-f', `flock --exclusive ${path}`]);
    if (!signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
  });
  await expect(lost).rejects.toMatchObject({ code: 'IO', message: expect.stringContaining('was lost') });
});
