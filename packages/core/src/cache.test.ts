import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { Cache, sha256 } from './cache.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let cache: Cache;
beforeEach(async () => {
  directory = await temporaryDirectory();
  cache = new Cache(directory.path);
});
afterEach(async () => await directory[Symbol.asyncDispose]());

async function store(text: string): ReturnType<Awaited<ReturnType<Cache['write']>>['commit']> {
  const writer = await cache.write();
  await writer.write(Buffer.from(text));
  return await writer.commit();
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const subprocess = execa('true');
  await subprocess;
  return subprocess.pid!;
}

test('follows SYSEXT_CACHE, XDG_CACHE_HOME and HOME', () => {
  expect(Cache.ofUser({ SYSEXT_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }).directory).toBe('/a');
  expect(Cache.ofUser({ XDG_CACHE_HOME: '/b', HOME: '/c' }).directory).toBe('/b/sysext');
  expect(Cache.ofUser({ SYSEXT_CACHE: '', HOME: '/c' }).directory).toBe('/c/.cache/sysext');
});

test('blobs are named by their digest', async () => {
  const blob = await store('hello');
  expect(blob).toEqual({ sha256: sha256('hello'), size: 5 });
  expect(await cache.check(blob)).toBe('present');
  expect(await readFile(cache.blobPath(blob.sha256), 'utf8')).toBe('hello');
});

test('a blob that changed is removed, and absent from then on', async () => {
  const blob = await store('hello');
  await writeFile(cache.blobPath(blob.sha256), 'hellp');
  expect(await cache.check(blob)).toBe('damaged');
  expect(await cache.check(blob)).toBe('absent');
});

test('a discarded blob leaves nothing', async () => {
  const writer = await cache.write();
  await writer.write(Buffer.from('x'));
  await writer.discard();
  expect(await readdir(join(directory.path, 'tmp'))).toEqual([]);
});

test('results are found by key, and only whole ones', async () => {
  const schema = z.object({ a: z.number() });
  await cache.writeResult({ key: 1 }, { a: 1 });
  expect(await cache.readResult({ key: 1 }, schema)).toEqual({ a: 1 });
  expect(await cache.readResult({ key: 2 }, schema)).toBeUndefined();
  expect(await cache.readResult({ key: 1 }, z.object({ b: z.number() }))).toBeUndefined();
  const [name] = await readdir(join(directory.path, 'results'));
  const path = join(directory.path, 'results', name!);
  await writeFile(path, (await readFile(path, 'utf8')).replace('1}', '2}'));
  expect(await cache.readResult({ key: 1 }, schema)).toBeUndefined();
});

test('an unfinished download goes to one claimant', async () => {
  const first = await cache.claimPartial('https://a.example/');
  await writeFile(first, 'begun');
  await cache.releasePartial('https://a.example/', first);
  const claims = await Promise.all([
    cache.claimPartial('https://a.example/'),
    cache.claimPartial('https://a.example/'),
  ]);
  const contents = await Promise.all(claims.map(async (path) => await readFile(path, 'utf8').catch(() => '')));
  expect(contents.toSorted()).toEqual(['', 'begun']);
});

test('what a killed process left is gone on with, or swept up', async () => {
  const pid = await deadPid();
  await mkdir(join(directory.path, 'partial'), { recursive: true });
  await mkdir(join(directory.path, 'tmp'), { recursive: true });
  const url = 'https://a.example/';
  await writeFile(join(directory.path, 'partial', `${sha256(url)}.${pid}.abcd`), 'begun');
  const old = join(directory.path, 'tmp', `${pid}-abcdef`);
  const young = join(directory.path, 'tmp', `${pid}-012345`);
  const living = join(directory.path, 'tmp', `${process.pid}-abcdef`);
  for (const path of [old, young, living]) await writeFile(path, '');
  for (const path of [old, living]) await utimes(path, 0, 0);
  expect(await readFile(await cache.claimPartial(url), 'utf8')).toBe('begun');
  expect(
    (await readdir(join(directory.path, 'tmp'))).map((name) => join(directory.path, 'tmp', name)).toSorted(),
  ).toEqual([young, living].toSorted());
});

test('a cache that cannot be used is named', async () => {
  await writeFile(join(directory.path, 'file'), '');
  await expect(new Cache(join(directory.path, 'file')).write()).rejects.toThrow(/cannot use the cache.*file/);
});
