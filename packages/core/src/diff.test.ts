import { copyFile, readdir } from 'node:fs/promises';
import { temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Context } from './context.ts';
import { diffImages } from './diff.ts';
import { type TestMember, makeSquashfs, testContext } from './image/testing/images.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let context: Context;
let before: string;
let after: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  context = testContext(directory.path);
  before = `${directory.path}/before.raw`;
  after = `${directory.path}/after.raw`;
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const release = 'usr/lib/extension-release.d/extension-release.demo';
const members: TestMember[] = [
  { path: 'usr/bin/demo', content: 'program' },
  { path: 'usr/bin/gone', content: '12345' },
  { path: release, mode: 0o644, content: 'ID=flatcar\nSYSEXT_LEVEL=1.0\nOLD=1\n' },
  { path: 'usr/share/demo.conf', mode: 0o644, content: 'one\ntwo\nthree\n' },
  { path: 'usr/share/demo.bin', mode: 0o644, content: Buffer.from([0, 1, 2]) },
];

test('tells that two images are the same bytes without reading them', async () => {
  await makeSquashfs(before, members);
  await copyFile(before, after);
  const diff = await diffImages({ ...context, env: { PATH: directory.path } }, before, after);
  expect(diff).toMatchObject({
    identical: true,
    facts: [],
    release: [],
    paths: [],
    totals: { added: 0, contentGrowth: 0 },
  });
  expect(diff.before.sha256).toBe(diff.after.sha256);
});

test('tells what differs', async () => {
  await makeSquashfs(before, members);
  const changed: TestMember[] = [
    { path: 'usr/bin/demo', mode: 0o4755, uid: 1, content: 'program' },
    { path: 'usr/bin/new', content: '1234567' },
    { path: release, mode: 0o644, content: 'ID=_any\nSYSEXT_LEVEL=1.0\nNEW=2\n' },
    { path: 'usr/share/demo.conf', mode: 0o644, content: 'one\n2\nthree\n' },
    { path: 'usr/share/demo.bin', mode: 0o644, content: Buffer.from([0, 1, 3]) },
  ];
  await makeSquashfs(after, changed, ['-comp', 'zstd', '-b', '256K']);
  const { facts, release: fields, paths, totals, identical } = await diffImages(context, before, after);
  expect(identical).toBe(false);
  expect(facts).toEqual([
    { fact: 'compression', before: 'gzip', after: 'zstd' },
    { fact: 'blockSize', before: 131_072, after: 262_144 },
  ]);
  expect(fields).toEqual([
    { path: release, field: 'ID', before: 'flatcar', after: '_any' },
    { path: release, field: 'OLD', before: '1' },
    { path: release, field: 'NEW', after: '2' },
  ]);
  expect(paths.map((path) => [path.kind, path.path, path.kind === 'changed' ? path.aspects : []])).toEqual([
    ['changed', 'usr/bin/demo', ['mode', 'uid']],
    ['removed', 'usr/bin/gone', []],
    ['added', 'usr/bin/new', []],
    ['changed', release, ['size', 'sha256']],
    ['changed', 'usr/share/demo.bin', ['sha256']],
    ['changed', 'usr/share/demo.conf', ['size', 'sha256']],
  ]);
  expect(paths.map(({ patch }) => patch !== undefined)).toEqual([false, false, false, true, false, true]);
  expect(paths.at(-1)?.patch).toContain('@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n');
  expect(totals).toEqual({ added: 1, removed: 1, changed: 4, contentGrowth: 2 - 3 - 2, imageGrowth: 0 });
  expect(await readdir(`${directory.path}/cache/tmp`)).toEqual([]);
});

test('says nothing about the content of large or very different texts', async () => {
  const lines = (prefix: string, count: number): string =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}\n`).join('');
  await makeSquashfs(before, [
    { path: 'usr/large', content: lines('a', 20_000) },
    { path: 'usr/other', content: lines('a', 5000) },
  ]);
  await makeSquashfs(after, [
    { path: 'usr/large', content: lines('b', 20_000) },
    { path: 'usr/other', content: lines('b', 5000) },
  ]);
  const { paths } = await diffImages(context, before, after);
  expect(paths.map(({ path, patch }) => [path, patch])).toEqual([
    ['usr/large', undefined],
    ['usr/other', undefined],
  ]);
});

test('names the image that cannot be read', async () => {
  await makeSquashfs(before, members);
  await expect(diffImages(context, before, after)).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining(after),
  });
});
