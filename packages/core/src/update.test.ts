import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type FakeUpstream, startUpstream, temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineButane } from './butane/define.ts';
import { composeButane } from './butane/compose.ts';
import { exampleFragment } from './butane/example.ts';
import { renderButane } from './butane/render.ts';
import { Cache, sha256 } from './cache.ts';
import { type Context, createContext } from './context.ts';
import { type Lock, readLock, writeLock } from './lock.ts';
import { Mirrors } from './mirrors.ts';
import { type Companion, type Extension, defineExtension } from './recipe.ts';
import { type UpdateOptions, type UpdateReport, updateExtensions } from './update.ts';

let upstream: FakeUpstream;
let work: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  upstream = await startUpstream();
  work = await temporaryDirectory();
  await mkdir(join(work.path, 'workspace', '.changeset'), { recursive: true });
  await writeFile(join(work.path, 'workspace', '.changeset', 'config.json'), '{}');
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

const context = (): Context =>
  createContext({
    cache: new Cache(join(work.path, 'cache')),
    env: {},
    mirrors: new Mirrors({
      'https://api.github.com/': `${upstream.url}/api/`,
      'https://files.example/': `${upstream.url}/files/`,
    }),
    network: { attempts: 1 },
  });

/** Releases of a program: tags on the fake GitHub, and a file for each, with its digest beside it. */
function release(name: string, ...versions: string[]): void {
  upstream.put(
    `/api/repos/o/${name}/tags?per_page=100`,
    JSON.stringify(versions.map((version) => ({ name: version }))),
  );
  for (const version of versions) {
    upstream.put(`/files/${name}/${version}`, `${name} ${version}`);
    upstream.put(`/files/${name}/${version}.sha256`, sha256(`${name} ${version}`));
  }
}

const program = (name: string, follow?: Companion['follow']): Companion => ({
  versions: { from: 'github-tags', repo: `o/${name}` },
  sources: [
    {
      kind: 'release',
      downloads: [
        { url: `https://files.example/${name}/{version}`, take: `/usr/bin/${name}`, verify: { sums: '{url}.sha256' } },
      ],
    },
  ],
  ...(follow === undefined ? {} : { follow }),
});

type Locked = Record<string, Record<string, string>>;

/** An extension of the workspace, with what is checked in beside its recipe. */
async function extension(locked: Locked, more: Partial<Extension> = {}): Promise<Extension> {
  const name = more.name ?? 'demo';
  const directory = join(work.path, 'workspace', 'packages', name);
  const declared = defineExtension(directory, {
    name,
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    ...program(name),
    ...more,
  });
  const versions = Object.entries(locked).map(([version, companions]): [string, Lock['versions'][string]] => [
    version,
    { revision: 0, ...(Object.keys(companions).length === 0 ? {} : { companions }), downloads: {} },
  ]);
  await writeLock(directory, { schema: 1, default: versions[0]?.[0], versions: Object.fromEntries(versions) });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: `@sysext/${name}` }));
  await mkdir(join(directory, 'butane'));
  await writeFile(join(directory, 'butane', `${name}.yaml`), 'of another version\n');
  return declared;
}

async function update(of: Extension, options: UpdateOptions = {}): Promise<UpdateReport> {
  const { updates, failures } = await updateExtensions(
    context(),
    [{ extension: of, butane: defineButane(of) }],
    options,
  );
  if (failures.length > 0) throw failures[0]!.error;
  return updates[0]!;
}

/** All files of the workspace. */
async function workspace(): Promise<Record<string, string>> {
  const root = join(work.path, 'workspace');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(paths.toSorted().map(async (path) => [relative(root, path), await readFile(path, 'utf8')])),
  ) as Record<string, string>;
}

const series = '^v(\\d+\\.\\d+)\\.';

describe('an update', () => {
  test('learns the newest, makes it the default, renews what is shown, and writes a changeset', async () => {
    release('demo', 'v1.0.0', 'v1.1.0', 'v1.0.9', 'v2.0.0-rc.1');
    const demo = await extension({ 'v1.0.0': {} });
    const { changes, files, notes } = await update(demo);
    expect(changes).toEqual([{ program: 'demo', from: 'v1.0.0', to: 'v1.1.0', isDefault: true }]);
    const lock = await readLock(demo.directory);
    expect(lock.default).toBe('v1.1.0');
    expect(Object.keys(lock.versions)).toEqual(['v1.1.0', 'v1.0.0']);
    expect(lock.versions['v1.1.0']!.downloads).toEqual({
      'https://files.example/demo/v1.1.0': {
        sha256: sha256('demo v1.1.0'),
        size: 11,
        checked: 'checked against https://files.example/demo/v1.1.0.sha256',
      },
    });
    const after = await workspace();
    expect(after['.changeset/demo-v1.1.0.md']).toBe(
      "---\n'@sysext/demo': minor\n---\n\ndemo v1.0.0 → v1.1.0, the default\n",
    );
    expect(after['packages/demo/butane/demo.yaml']).toBe(
      renderButane(composeButane([await exampleFragment(defineButane(demo), 'v1.1.0')])),
    );
    expect(files.map((file) => relative(join(work.path, 'workspace'), file))).toEqual([
      'packages/demo/butane/demo.yaml',
      '.changeset/demo-v1.1.0.md',
      'packages/demo/extension.lock.json',
    ]);
    expect(notes).toHaveLength(1);
  });

  test('done again does nothing', async () => {
    release('demo', 'v1.0.1');
    const demo = await extension({ 'v1.0.0': {} });
    await update(demo);
    const before = await workspace();
    expect(await update(demo)).toEqual({ extension: 'demo', changes: [], newSeries: [], notes: [], files: [] });
    expect(await workspace()).toEqual(before);
    expect(before['.changeset/demo-v1.0.1.md']).toContain("'@sysext/demo': patch\n");
  });

  test('learns the newest of each series there is; a new one is named, and taken by name', async () => {
    release('demo', 'v1.29.9', 'v1.30.3', 'v1.31.5', 'v1.32.0');
    const demo = await extension({ 'v1.31.4': {}, 'v1.30.2': {}, 'v1.30.1': {} }, { series });
    const { changes, newSeries } = await update(demo);
    expect(changes).toEqual([
      { program: 'demo', from: 'v1.31.4', to: 'v1.31.5', isDefault: true },
      { program: 'demo', from: 'v1.30.2', to: 'v1.30.3', isDefault: false },
    ]);
    expect(newSeries).toMatchObject([{ series: '1.32', newest: 'v1.32.0' }]);
    expect((await workspace())['.changeset/demo-v1.31.5.md']).toBe(
      "---\n'@sysext/demo': patch\n---\n\n- demo v1.31.4 → v1.31.5, the default\n- demo v1.30.2 → v1.30.3\n",
    );

    const asked = upstream.requests.length;
    const taken = await update(demo, { version: 'v1.32.0' });
    expect(taken.changes).toEqual([{ program: 'demo', from: undefined, to: 'v1.32.0', isDefault: false }]);
    expect((await workspace())['.changeset/demo-v1.32.0.md']).toContain("'@sysext/demo': minor\n");
    expect((await readLock(demo.directory)).default).toBe('v1.31.5');
    expect(upstream.requests.slice(asked).map(({ path }) => path)).not.toContainEqual(expect.stringContaining('/api/'));
  });

  test('of an extension that has nothing locked learns the newest', async () => {
    release('demo', 'v1.0.0', 'v1.1.0');
    const demo = await extension({}, { series });
    expect((await update(demo)).changes).toEqual([{ program: 'demo', from: undefined, to: 'v1.1.0', isDefault: true }]);
  });

  test('to a version that is no version is refused before anything is asked', async () => {
    const demo = await extension({ 'v1.0.0': {} });
    await expect(update(demo, { version: '../x' })).rejects.toMatchObject({ code: 'NAME_INVALID' });
    expect(upstream.requests).toEqual([]);
  });
});

describe('companions', () => {
  const companions = { runc: program('runc', 'newest'), crictl: program('crictl', 'series'), cni: program('cni') };

  test('follow as the recipe says, beside each version', async () => {
    release('demo', 'v1.31.5', 'v1.30.3');
    release('runc', 'v1.4.0');
    release('crictl', 'v1.32.0', 'v1.31.1', 'v1.30.1');
    release('cni', 'v1.0.0', 'v9.0.0');
    const before = { runc: 'v1.3.0', cni: 'v1.0.0' };
    const demo = await extension(
      { 'v1.31.4': { ...before, crictl: 'v1.31.0' }, 'v1.30.2': { ...before, crictl: 'v1.30.1' } },
      { series, companions },
    );
    await update(demo);
    const { versions } = await readLock(demo.directory);
    expect(versions['v1.31.5']!.companions).toEqual({ runc: 'v1.4.0', crictl: 'v1.31.1', cni: 'v1.0.0' });
    expect(versions['v1.30.3']!.companions).toEqual({ runc: 'v1.4.0', crictl: 'v1.30.1', cni: 'v1.0.0' });
    expect((await workspace())['.changeset/demo-v1.31.5.md']).toContain('- runc v1.3.0 → v1.4.0 beside v1.31.5\n');
    // What is kept as it is has no reason to be asked for.
    expect(upstream.requests.map(({ path }) => path)).not.toContainEqual(expect.stringContaining('/api/repos/o/cni'));
  });

  test('move alone when the extension has nothing newer, and hosts get the next revision', async () => {
    release('demo', 'v1.31.4');
    release('runc', 'v1.3.1');
    const demo = await extension(
      { 'v1.31.4': { runc: 'v1.3.0' } },
      { companions: { runc: program('runc', 'newest') } },
    );
    const lock = await readLock(demo.directory);
    const released = { package: '1.0.0', inputs: '0'.repeat(64) };
    await writeLock(demo.directory, { ...lock, versions: { 'v1.31.4': { ...lock.versions['v1.31.4']!, released } } });
    expect((await update(demo)).changes).toEqual([
      { program: 'runc', from: 'v1.3.0', to: 'v1.3.1', beside: 'v1.31.4' },
    ]);
    expect((await readLock(demo.directory)).versions['v1.31.4']).toMatchObject({
      revision: 1,
      companions: { runc: 'v1.3.1' },
    });
    expect((await workspace())['.changeset/demo-runc-v1.3.1.md']).toBe(
      "---\n'@sysext/demo': patch\n---\n\nrunc v1.3.0 → v1.3.1 beside v1.31.4\n",
    );
  });

  test('never go back to an older version', async () => {
    release('demo', 'v1.31.4');
    release('runc', 'v1.2.9');
    const demo = await extension(
      { 'v1.31.4': { runc: 'v1.3.0' } },
      { companions: { runc: program('runc', 'newest') } },
    );
    expect((await update(demo)).changes).toEqual([]);
  });

  test('are what the caller names', async () => {
    release('demo', 'v1.0.1');
    release('runc', 'v1.3.0', 'v1.4.0');
    const demo = await extension({ 'v1.0.0': { runc: 'v1.2.0' } }, { companions: { runc: program('runc', 'newest') } });
    await update(demo, { version: 'v1.0.1', companions: { runc: 'v1.3.0' } });
    expect((await readLock(demo.directory)).versions['v1.0.1']!.companions).toEqual({ runc: 'v1.3.0' });
  });
});

describe('whole or nothing:', () => {
  test.each([
    [
      "another digest than upstream's list",
      'UPSTREAM_DISAGREES',
      (): void => void upstream.put('/files/demo/v1.0.1.sha256', '0'.repeat(64)),
    ],
    ['a download that is not there', 'HTTP_STATUS', (): void => upstream.remove('/files/demo/v1.0.1')],
    ['a list that cannot be had', 'HTTP_STATUS', (): void => upstream.remove('/api/repos/o/demo/tags?per_page=100')],
    [
      "a companion's list that cannot be had",
      'HTTP_STATUS',
      (): void => upstream.remove('/api/repos/o/runc/tags?per_page=100'),
    ],
    [
      "a companion's login page",
      'HTML_PAGE',
      (): void => void upstream.put('/files/runc/v1.1.0', '', { fault: { kind: 'html' } }),
    ],
  ])('%s changes nothing', async (_, code, damage) => {
    release('demo', 'v1.0.1');
    release('runc', 'v1.1.0');
    const companions = { runc: { ...program('runc', 'newest') } };
    const demo = await extension({ 'v1.0.0': { runc: 'v1.0.0' } }, { companions });
    damage();
    const before = await workspace();
    await expect(update(demo)).rejects.toMatchObject({ code });
    expect(await workspace()).toEqual(before);
    expect(await readdir(join(work.path, 'cache', 'tmp')).catch(() => [])).toEqual([]);
  });

  test('a dry run learns and checks, and writes nothing', async () => {
    release('demo', 'v1.0.1');
    const demo = await extension({ 'v1.0.0': {} });
    const before = await workspace();
    const { changes, files } = await update(demo, { dryRun: true });
    expect(changes).toHaveLength(1);
    expect(files).toHaveLength(3);
    expect(await workspace()).toEqual(before);
  });

  test('what a crash before the lock was written left is done again by the next', async () => {
    release('demo', 'v1.0.1');
    const demo = await extension({ 'v1.0.0': {} });
    const lock = join(demo.directory, 'extension.lock.json');
    await cp(lock, join(work.path, 'kept'));
    await update(demo);
    const whole = await workspace();
    await rm(lock);
    await cp(join(work.path, 'kept'), lock);
    await update(demo);
    expect(await workspace()).toEqual(whole);
  });
});

test('one extension that fails stops no other', async () => {
  release('good', 'v1.0.1');
  const bad = await extension({ 'v1.0.0': {} }, { name: 'bad', ...program('bad') });
  const good = await extension({ 'v1.0.0': {} }, { name: 'good', ...program('good') });
  const { updates, failures } = await updateExtensions(context(), [{ extension: bad }, { extension: good }]);
  expect(updates).toMatchObject([{ extension: 'good', changes: [{ to: 'v1.0.1' }] }]);
  expect(failures).toMatchObject([{ extension: 'bad', error: { code: 'HTTP_STATUS' } }]);
});
