import { type FakeUpstream, gzip, startUpstream, tar, temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache, sha256 } from './cache.ts';
import { type SysextEvent, createContext } from './context.ts';
import { type LockReport, lockVersion } from './lock-version.ts';
import { readLock, writeLock } from './lock.ts';
import { Mirrors } from './mirrors.ts';
import { defineExtension } from './recipe.ts';
import type { Download } from './sources/source.ts';

let upstream: FakeUpstream;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let events: SysextEvent[];
beforeEach(async () => {
  upstream = await startUpstream();
  directory = await temporaryDirectory();
  events = [];
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const archives = {
  amd64: gzip(tar([{ path: 'demo', content: 'amd64' }])),
  arm64: gzip(tar([{ path: 'demo', content: 'arm64' }])),
};
const urlOf = (arch: string, version = 'v1.0.0'): string => `https://demo.example/${version}/demo-${arch}.tar.gz`;

function publish(sums?: string): void {
  for (const [arch, bytes] of Object.entries(archives)) upstream.put(`/v1.0.0/demo-${arch}.tar.gz`, bytes);
  const right = Object.entries(archives).map(([arch, bytes]) => `${sha256(bytes)}  demo-${arch}.tar.gz\n`);
  upstream.put('/v1.0.0/SHA256SUMS', sums ?? right.join(''));
}

async function lock(download: Partial<Download> = {}): Promise<LockReport> {
  const extension = defineExtension(directory.path, {
    name: 'demo',
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions: { from: 'github-releases', repo: 'demo/demo' },
    sources: [
      {
        kind: 'release',
        downloads: [
          {
            url: 'https://demo.example/{version}/demo-{arch}.tar.gz',
            take: { demo: '/usr/bin/' },
            verify: { sums: 'https://demo.example/{version}/SHA256SUMS' },
            ...download,
          },
        ],
      },
    ],
  });
  const context = createContext({
    cache: new Cache(`${directory.path}/cache`),
    env: {},
    mirrors: new Mirrors({
      'https://demo.example/': `${upstream.url}/`,
      'https://api.github.com/': `${upstream.url}/api/`,
      'https://github.com/': `${upstream.url}/`,
    }),
    network: { attempts: 1 },
    onEvent: (event) => events.push(event),
  });
  return await lockVersion(context, extension, 'v1.0.0');
}

test('learns both architectures, checks them against the list, and becomes the default', async () => {
  publish();
  await lock();
  expect(await readLock(directory.path)).toEqual({
    schema: 1,
    default: 'v1.0.0',
    versions: {
      'v1.0.0': {
        revision: 0,
        downloads: Object.fromEntries(
          Object.entries(archives).map(([arch, bytes]) => [
            urlOf(arch),
            {
              sha256: sha256(bytes),
              size: bytes.length,
              checked: 'checked against https://demo.example/v1.0.0/SHA256SUMS',
            },
          ]),
        ),
      },
    },
  });
});

test('takes the digest that GitHub keeps of an asset', async () => {
  const path = '/demo/demo/releases/download/v1.0.0/demo';
  upstream.put(path, 'program');
  upstream.put(
    '/api/repos/demo/demo/releases/tags/v1.0.0',
    JSON.stringify({
      tag_name: 'v1.0.0',
      draft: false,
      prerelease: false,
      published_at: null,
      assets: [{ name: 'demo', digest: `sha256:${sha256('program')}` }],
    }),
  );
  const { notes } = await lock({ url: `https://github.com${path}`, take: '/usr/bin/', verify: { githubAsset: true } });
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain("GitHub's digest");
});

test('a digest file beside each download', async () => {
  publish();
  for (const [arch, bytes] of Object.entries(archives))
    upstream.put(`/v1.0.0/demo-${arch}.tar.gz.sha256`, sha256(bytes));
  const { notes } = await lock({ verify: { sums: '{url}.sha256' } });
  expect(notes.join()).toContain('demo-arm64.tar.gz.sha256');
});

test('says so where upstream publishes nothing to check against', async () => {
  publish();
  const { notes } = await lock({ verify: undefined });
  expect(notes[0]).toContain('taken as found');
});

test.each([
  ['another digest', `${'0'.repeat(64)}  demo-amd64.tar.gz\n${'0'.repeat(64)}  demo-arm64.tar.gz\n`],
  ['no digest of the file', `${'0'.repeat(64)}  other\n`],
  ['a web page', '<!doctype html>'],
])('a list with %s: nothing is locked', async (_, sums) => {
  publish(sums);
  await expect(lock()).rejects.toMatchObject({ code: 'UPSTREAM_DISAGREES' });
  expect(await readLock(directory.path)).toEqual({ schema: 1, versions: {} });
});

test('a file that changed after it was locked is refused', async () => {
  publish();
  await lock();
  const before = await readLock(directory.path);
  const changed = gzip(tar([{ path: 'demo', content: 'other' }]));
  upstream.put('/v1.0.0/demo-amd64.tar.gz', changed);
  upstream.put(
    '/v1.0.0/SHA256SUMS',
    `${sha256(changed)}  demo-amd64.tar.gz\n${sha256(archives.arm64)}  demo-arm64.tar.gz\n`,
  );
  await expect(lock()).rejects.toMatchObject({ code: 'UPSTREAM_DISAGREES' });
  expect(await readLock(directory.path)).toEqual(before);
});

test('out of reach, pins stay as they are', async () => {
  publish();
  await lock();
  const before = await readLock(directory.path);
  upstream.put('/v1.0.0/SHA256SUMS', '', { fault: { kind: 'status', status: 404 } });
  await lock();
  expect(await readLock(directory.path)).toEqual(before);
  expect(events.some((event) => event.type === 'warning' && event.message.includes('stay as they are'))).toBe(true);
});

test('out of reach and never locked: an error, and no lock', async () => {
  await expect(lock()).rejects.toMatchObject({ code: 'HTTP_STATUS' });
  expect(await readLock(directory.path)).toEqual({ schema: 1, versions: {} });
});

test('out of reach, what the lock names without a digest stays named', async () => {
  publish();
  await lock();
  const { default: version, versions } = await readLock(directory.path);
  const { [urlOf('arm64')]: _, ...downloads } = versions['v1.0.0']!.downloads;
  const unpinned = { [urlOf('arm64')]: 'nobody publishes it' };
  const before = { schema: 1, default: version, versions: { 'v1.0.0': { revision: 0, downloads, unpinned } } } as const;
  await writeLock(directory.path, before);
  upstream.put('/v1.0.0/SHA256SUMS', '', { fault: { kind: 'status', status: 404 } });
  await lock();
  expect(await readLock(directory.path)).toEqual(before);
});

test('what was out of reach is named without a digest, and what upstream no longer has is forgotten', async () => {
  publish();
  await lock();
  const { default: version, versions } = await readLock(directory.path);
  const { [urlOf('arm64')]: _, ...downloads } = versions['v1.0.0']!.downloads;
  const unpinned = { 'https://demo.example/elsewhere': 'nobody publishes it' };
  await writeLock(directory.path, {
    schema: 1,
    default: version,
    versions: { 'v1.0.0': { revision: 0, downloads, unpinned } },
  });
  upstream.put('/v1.0.0/SHA256SUMS', '', { fault: { kind: 'status', status: 404 } });
  const { locked } = await lock();
  expect(locked.unpinned).toEqual({ [urlOf('arm64')]: expect.stringContaining('out of reach') });
});

test('learns what the lock names without a digest', async () => {
  publish();
  const unpinned = { [urlOf('amd64')]: 'nobody publishes it' };
  await writeLock(directory.path, { schema: 1, versions: { 'v1.0.0': { revision: 0, downloads: {}, unpinned } } });
  const { locked } = await lock();
  expect(Object.keys(locked.downloads)).toEqual([urlOf('amd64'), urlOf('arm64')]);
  expect(locked.unpinned).toBeUndefined();
});

test('another companion in an image that was released takes its next revision, once', async () => {
  for (const version of ['v1', 'v2', 'v3']) upstream.put(`/${version}/helper`, version);
  const versions = { from: 'github-releases', repo: 'demo/demo' } as const;
  const source = (name: string) => ({
    kind: 'release' as const,
    downloads: [{ url: `https://demo.example/{version}/${name}`, take: `/usr/bin/${name}` }],
  });
  const extension = defineExtension(directory.path, {
    name: 'demo',
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions,
    sources: [source('demo')],
    companions: { helper: { versions, sources: [source('helper')] } },
  });
  upstream.put('/v1.0.0/demo', 'demo');
  const mirrors = new Mirrors({ 'https://demo.example/': `${upstream.url}/` });
  const context = createContext({ cache: new Cache(`${directory.path}/cache`), env: {}, mirrors });
  const lockWith = async (helper?: string): Promise<unknown> =>
    (await lockVersion(context, extension, 'v1.0.0', { companions: helper === undefined ? {} : { helper } })).locked;

  expect(await lockWith('v1')).toMatchObject({ revision: 0, companions: { helper: 'v1' } });
  expect(await lockWith('v2')).toMatchObject({ revision: 0, companions: { helper: 'v2' } });
  const lock = await readLock(directory.path);
  const released = { package: '1.0.0', inputs: '0'.repeat(64) };
  await writeLock(directory.path, { ...lock, versions: { 'v1.0.0': { ...lock.versions['v1.0.0']!, released } } });
  expect(await lockWith()).toMatchObject({ revision: 0, released });
  expect(await lockWith('v3')).not.toHaveProperty('released');
  expect(await lockWith('v1')).toMatchObject({ revision: 1 });
});

describe('of a companion that follows', () => {
  const program = (name: string) => ({
    versions: { from: 'github-releases', repo: `demo/${name}` } as const,
    sources: [{ kind: 'release' as const, url: `https://demo.example/{version}/${name}`, take: `/usr/bin/${name}` }],
  });
  const list = (repo: string, ...versions: string[]): void => {
    const releases = versions.map((tag) => ({
      tag_name: tag,
      draft: false,
      prerelease: false,
      published_at: null,
      assets: [],
    }));
    upstream.put(`/api/repos/demo/${repo}/releases?per_page=100`, JSON.stringify(releases));
  };
  const lockDemo = async (version: string, companions?: Record<string, string>): Promise<unknown> => {
    const extension = defineExtension(directory.path, {
      name: 'demo',
      summary: 'A program for tests',
      homepage: 'https://demo.example/',
      licence: 'MIT',
      ...program('demo'),
      series: '^v(\\d+\\.\\d+)\\.',
      companions: {
        ctl: { ...program('ctl'), follow: 'series' },
        plugins: { ...program('plugins'), follow: 'newest' },
      },
    });
    const context = createContext({
      cache: new Cache(`${directory.path}/cache`),
      env: {},
      mirrors: new Mirrors({
        'https://demo.example/': `${upstream.url}/`,
        'https://api.github.com/': `${upstream.url}/api/`,
      }),
      network: { attempts: 1 },
      onEvent: (event) => events.push(event),
    });
    return (await lockVersion(context, extension, version, { companions })).locked.companions;
  };
  const warnings = (): string[] => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  beforeEach(() => {
    for (const version of ['v1.34.0', 'v1.34.9', 'v1.35.0', 'v1.35.1', 'v1.36.0', 'v1.37.1']) {
      for (const name of ['demo', 'ctl', 'plugins']) upstream.put(`/${version}/${name}`, `${name} ${version}`);
    }
    list('ctl', 'v1.36.0', 'v1.35.1', 'v1.35.0', 'v1.34.0');
    list('plugins', 'v1.36.0', 'v1.35.0');
  });

  test('a version takes that of its series, or the newest', async () => {
    expect(await lockDemo('v1.35.0')).toEqual({ ctl: 'v1.35.1', plugins: 'v1.36.0' });
    expect(await lockDemo('v1.36.0')).toEqual({ ctl: 'v1.36.0', plugins: 'v1.36.0' });
    expect(await lockDemo('v1.34.9')).toEqual({ ctl: 'v1.34.0', plugins: 'v1.36.0' });
    expect(warnings()).toEqual([]);
  });

  test('what is named, or locked for this very version, stays', async () => {
    const named = { ctl: 'v1.35.0', plugins: 'v1.35.0' };
    expect(await lockDemo('v1.35.0', named)).toEqual(named);
    expect(await lockDemo('v1.35.0')).toEqual(named);
  });

  test('one that upstream has not released yet stays at that of the version before, and it is said', async () => {
    await lockDemo('v1.36.0');
    expect(await lockDemo('v1.37.1')).toEqual({ ctl: 'v1.36.0', plugins: 'v1.36.0' });
    expect(warnings()).toEqual(['ctl: upstream has none of series 1.37 yet: it stays at v1.36.0']);
  });

  test('out of reach, it stays at that of the version before, and it is said; without one, nothing is locked', async () => {
    const out = { fault: { kind: 'status', status: 404 } } as const;
    for (const repo of ['ctl', 'plugins']) upstream.put(`/api/repos/demo/${repo}/releases?per_page=100`, '', out);
    await expect(lockDemo('v1.35.0')).rejects.toMatchObject({ code: 'HTTP_STATUS' });
    await lockDemo('v1.35.0', { ctl: 'v1.35.0', plugins: 'v1.35.0' });
    expect(await lockDemo('v1.35.1')).toEqual({ ctl: 'v1.35.0', plugins: 'v1.35.0' });
    expect(warnings()).toHaveLength(2);
    expect(warnings()[0]).toContain('ctl: it stays at v1.35.0: ');
  });
});
