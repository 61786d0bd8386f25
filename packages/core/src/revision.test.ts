import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import type { Lock } from './lock.ts';
import { type RecipeInput, defineExtension } from './recipe.ts';
import { inputsDigest, reviseLock } from './revision.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);
const lock: Lock = { schema: 1, default: 'v1.0.0', versions: { 'v1.0.0': { revision: 0, downloads: {} } } };
const released = reviseLock(lock, '0.1.0', a);
const withNew = (of: Lock): Lock => ({ ...of, versions: { ...of.versions, 'v1.1.0': { revision: 0, downloads: {} } } });
const revisions = (of: Lock): number[] => Object.values(of.versions).map(({ revision }) => revision);

test('the first release is revision 0, and stays it however often the step runs', () => {
  expect(released.versions['v1.0.0']).toEqual({
    revision: 0,
    downloads: {},
    released: { package: '0.1.0', inputs: a },
  });
  expect(reviseLock(released, '0.1.0', b)).toEqual(released);
});

test('a release of the package alone raises the revision', () => {
  const again = reviseLock(released, '0.1.1', a);
  expect(revisions(again)).toEqual([1]);
  expect(revisions(reviseLock(again, '0.1.1', a))).toEqual([1]);
  expect(revisions(reviseLock(again, '0.1.2', a))).toEqual([2]);
});

test('a new upstream version explains the release: older ones stay', () => {
  expect(revisions(reviseLock(withNew(released), '0.2.0', a))).toEqual([0, 0]);
});

test('unless what they have in common changed with it', () => {
  expect(revisions(reviseLock(withNew(released), '0.2.0', b))).toEqual([1, 0]);
});

test('the digest follows recipe and files', async () => {
  await using directory = await temporaryDirectory();
  const recipe: RecipeInput = {
    name: 'demo',
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions: { from: 'github-releases', repo: 'demo/demo' },
    sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/demo', take: '/usr/bin/' }] }],
  };
  const before = await inputsDigest(defineExtension(directory.path, recipe));
  expect(await inputsDigest(defineExtension(directory.path, recipe))).toBe(before);
  expect(await inputsDigest(defineExtension(directory.path, { ...recipe, licence: 'ISC' }))).not.toBe(before);
  await mkdir(join(directory.path, 'files/usr'), { recursive: true });
  await writeFile(join(directory.path, 'files/usr/x'), '');
  expect(await inputsDigest(defineExtension(directory.path, recipe))).not.toBe(before);
});
