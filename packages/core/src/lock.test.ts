import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import type { SysextError } from './errors.ts';
import { type Lock, readLock, selectVersion, writeLock } from './lock.ts';
import type { Extension } from './recipe.ts';

const locked = { revision: 0, downloads: { 'https://a.example/': { sha256: 'a'.repeat(64), checked: 'test' } } };
const lock: Lock = {
  schema: 1,
  default: 'v1.9.0',
  versions: { 'v1.9.0': locked, 'v1.10.0': { ...locked, revision: 2 } },
};
const extension = { name: 'demo', directory: '/x' } as Extension;

test('is read as it was written, newest version first', async () => {
  await using directory = await temporaryDirectory();
  await writeLock(directory.path, lock);
  expect(await readLock(directory.path)).toEqual(lock);
  const text = await readFile(join(directory.path, 'extension.lock.json'), 'utf8');
  expect(text.indexOf('"v1.10.0": {')).toBeLessThan(text.indexOf('"v1.9.0": {'));
});

test('a missing lock is an empty one', async () => {
  await using directory = await temporaryDirectory();
  expect(await readLock(directory.path)).toEqual({ schema: 1, versions: {} });
});

test.each([
  ['no JSON', '{'],
  ['another schema', '{"schema":2,"versions":{}}'],
  ['a default that is not there', '{"schema":1,"default":"v1","versions":{}}'],
  ['a version that is no version', '{"schema":1,"versions":{"../x":{"revision":0,"downloads":{}}}}'],
  ['a short digest', '{"schema":1,"versions":{"v1":{"revision":0,"downloads":{"u":{"sha256":"ab","checked":""}}}}}'],
  [
    'a digest of what is said to have none',
    JSON.stringify({ schema: 1, versions: { v1: { ...locked, unpinned: { 'https://a.example/': 'not published' } } } }),
  ],
  ['an unknown field', '{"schema":1,"versions":{},"x":1}'],
])('%s is refused', async (_, text) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'extension.lock.json'), text);
  await expect(readLock(directory.path)).rejects.toMatchObject({ code: 'LOCK_INVALID' });
});

test('a version is found with and without its v, and the default without a name', () => {
  expect(selectVersion(extension, lock, undefined).version).toBe('v1.9.0');
  expect(selectVersion(extension, lock, 'v1.10.0').locked.revision).toBe(2);
  expect(selectVersion(extension, lock, '1.10.0').version).toBe('v1.10.0');
});

test.each(['v2', 'constructor', '__proto__', '$(id)', ''])(
  'version %j is unknown, and the error says which are known',
  (wanted) => {
    expect(() => selectVersion(extension, lock, wanted)).toThrow(/locked are v1\.9\.0, v1\.10\.0/);
  },
);

test('what to type for an unknown version never repeats hostile text', () => {
  const hintFor = (wanted: string): string | undefined => {
    try {
      selectVersion(extension, lock, wanted);
      return undefined;
    } catch (error) {
      return (error as SysextError).hint;
    }
  };
  expect(hintFor('v2.0.0')).toBe('sysext lock demo v2.0.0');
  expect(hintFor('$(id)')).toBe('sysext lock demo <version>');
});
