import { join } from 'node:path';
import { type FakeUpstream, startUpstream, temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../cache.ts';
import { type Context, type ContextOptions, createContext } from '../context.ts';
import { writeLock } from '../lock.ts';
import { Mirrors } from '../mirrors.ts';
import { type Companion, type Extension, defineExtension } from '../recipe.ts';
import { type OutdatedReport, findOutdated } from './outdated.ts';

let upstream: FakeUpstream;
let work: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  upstream = await startUpstream();
  work = await temporaryDirectory();
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

const contextOf = (options: ContextOptions = {}): Context =>
  createContext({
    cache: new Cache(join(work.path, 'cache')),
    env: {},
    mirrors: new Mirrors({ 'https://api.github.com/': `${upstream.url}/` }),
    network: { attempts: 1, idle: 500 },
    ...options,
  });

/** Tags of `o/<name>` on the fake GitHub. */
const tags = (name: string, ...versions: string[]): string =>
  upstream.put(path(name), JSON.stringify(versions.map((version) => ({ name: version }))));
const path = (name: string): string => `/repos/o/${name}/tags?per_page=100`;

const program = (name: string, more: Partial<Companion> = {}): Companion => ({
  versions: { from: 'github-tags', repo: `o/${name}` },
  sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/x', take: '/usr/bin/x' }] }],
  ...more,
});

/** An extension with locked versions; their companions, if any. */
async function extension(
  name: string,
  locked: readonly string[] | Record<string, Record<string, string>>,
  more: Partial<Extension> = {},
): Promise<Extension> {
  const entries = Array.isArray(locked)
    ? locked.map((version: string) => [version, undefined] as const)
    : Object.entries(locked);
  const versions = entries.map(([version, companions]) => [
    version,
    { revision: 0, downloads: {}, ...(companions === undefined ? {} : { companions }) },
  ]);
  const directory = join(work.path, name);
  await writeLock(directory, { schema: 1, default: entries[0]?.[0], versions: Object.fromEntries(versions) });
  return defineExtension(directory, {
    name,
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    ...program(name),
    ...more,
  });
}

const lines = ({ outdated }: OutdatedReport): string[] =>
  outdated.map(({ extension: of, program: name, series, locked, newest, beside }) =>
    [of, name, series, locked, newest, beside?.join('+')].map((cell) => cell ?? '-').join(' '),
  );

const series = '^v(\\d+\\.\\d+)\\.';

describe('what the locks lack', () => {
  test('is the newest version, by version and not by place', async () => {
    tags('a', 'v1.9.0', 'v1.10.0', 'v1.8.0', 'v2.0.0-rc.1');
    tags('b', 'v1.0.0');
    const report = await findOutdated(contextOf(), [
      await extension('a', ['v1.9.0', 'v1.8.0']),
      await extension('b', ['v1.0.0']),
    ]);
    expect(lines(report)).toEqual(['a a - v1.9.0 v1.10.0 -']);
    expect(report).toMatchObject({ programs: 2, failures: [], refused: [] });
  });

  test('of an extension that has nothing locked, is everything', async () => {
    tags('a', 'v1.0.0');
    expect(lines(await findOutdated(contextOf(), [await extension('a', [])]))).toEqual(['a a - - v1.0.0 -']);
  });

  test('of series, is looked for in each by itself; new series are named, old ones nobody has are not', async () => {
    tags('a', 'v1.29.9', 'v1.30.2', 'v1.31.5', 'v1.32.0', 'v1.33.0');
    const locked = ['v1.32.0', 'v1.31.4', 'v1.31.3', 'v1.30.2'];
    expect(lines(await findOutdated(contextOf(), [await extension('a', locked, { series })]))).toEqual([
      'a a 1.33 - v1.33.0 -',
      'a a 1.31 v1.31.4 v1.31.5 -',
    ]);
  });

  test('of companions, is told once for all versions that lack the same', async () => {
    tags('a', 'v2.1.0', 'v2.0.1');
    tags('runc', 'v1.2.0', 'v1.3.0');
    const locked = { 'v2.1.0': { runc: 'v1.2.0' }, 'v2.0.1': { runc: 'v1.2.0' }, 'v2.0.0': { runc: 'v1.0.0' } };
    const demo = await extension('a', locked, { series, companions: { runc: program('runc') } });
    expect(lines(await findOutdated(contextOf(), [demo]))).toEqual(['a runc - v1.2.0 v1.3.0 v2.1.0+v2.0.1']);
  });

  test('of a companion that follows the series, is looked for in the series', async () => {
    tags('a', 'v1.32.2', 'v1.31.6');
    tags('crictl', 'v1.33.0', 'v1.32.0', 'v1.31.1');
    const locked = { 'v1.32.2': { crictl: 'v1.32.0' }, 'v1.31.6': { crictl: 'v1.31.0' } };
    const companions = { crictl: program('crictl', { follow: 'series' }) };
    expect(lines(await findOutdated(contextOf(), [await extension('a', locked, { series, companions })]))).toEqual([
      'a crictl - v1.31.0 v1.31.1 v1.31.6',
    ]);
  });
});

describe('one upstream that fails or misbehaves stops no other:', () => {
  test.each([
    [
      'an error',
      'HTTP_STATUS',
      (): void => void upstream.put(path('bad'), '', { fault: { kind: 'status', status: 500 } }),
    ],
    [
      'a rate limit',
      'HTTP_STATUS',
      (): void => void upstream.put(path('bad'), '', { fault: { kind: 'status', status: 429 } }),
    ],
    ['a login page', 'ANSWER_INVALID', (): void => void upstream.put(path('bad'), '', { fault: { kind: 'html' } })],
    ['silence', 'STALLED', (): void => void upstream.put(path('bad'), '[]', { fault: { kind: 'stall', after: 1 } })],
    ['a circle', 'REDIRECT', (): void => void upstream.put(path('bad'), '', { fault: { kind: 'redirect-loop' } })],
    [
      'half an answer',
      'TRUNCATED',
      (): void => void upstream.put(path('bad'), '[{}]', { fault: { kind: 'truncate', after: 2 } }),
    ],
    ['nothing at all', 'HTTP_STATUS', (): void => undefined],
    ['an empty list', 'ANSWER_INVALID', (): void => void tags('bad')],
    [
      'a list without an end',
      'ANSWER_INVALID',
      (): void => void upstream.put(path('bad'), '[]', { headers: { link: `<${path('bad')}>; rel="next"` } }),
    ],
  ])('%s', async (_, code, misbehave) => {
    misbehave();
    tags('a', 'v1.1.0');
    tags('z', 'v1.1.0');
    const all = await Promise.all(['a', 'bad', 'z'].map(async (name) => await extension(name, ['v1.0.0'])));
    const report = await findOutdated(contextOf(), all);
    expect(lines(report)).toEqual(['a a - v1.0.0 v1.1.0 -', 'z z - v1.0.0 v1.1.0 -']);
    expect(report.failures).toMatchObject([{ extension: 'bad', program: 'bad', error: { code } }]);
  });

  test("a companion's", async () => {
    tags('a', 'v1.1.0');
    const demo = await extension('a', { 'v1.0.0': { runc: 'v1.0.0' } }, { companions: { runc: program('runc') } });
    const report = await findOutdated(contextOf(), [demo]);
    expect(lines(report)).toEqual(['a a - v1.0.0 v1.1.0 -']);
    expect(report.failures).toMatchObject([{ extension: 'a', program: 'runc' }]);
  });
});

test('a tag that can be no version reaches nothing, and is told', async () => {
  const hostile = ['v9.0$(id)', '../x', 'v9;reboot', 'v9\u001b[2J'];
  tags('a', 'v1.1.0', ...hostile);
  const report = await findOutdated(contextOf(), [await extension('a', ['v1.0.0'])]);
  expect(lines(report)).toEqual(['a a - v1.0.0 v1.1.0 -']);
  expect(report.refused).toEqual([{ extension: 'a', program: 'a', names: hostile }]);
});

test('each upstream is asked once, however many programs come from it', async () => {
  tags('runc', 'v1.0.0');
  const names = Array.from({ length: 20 }, (_, i) => `e${i}`);
  const all = await Promise.all(
    names.map(async (name) => {
      tags(name, 'v1.0.0');
      return await extension(name, { 'v1.0.0': { runc: 'v1.0.0' } }, { companions: { runc: program('runc') } });
    }),
  );
  const report = await findOutdated(contextOf(), all);
  expect(report).toMatchObject({ programs: 40, outdated: [], failures: [] });
  expect(upstream.requests).toHaveLength(21);
});

test('an interruption ends it', async () => {
  upstream.put(path('a'), '[]', { fault: { kind: 'stall', after: 1 } });
  const interruption = new AbortController();
  const running = findOutdated(contextOf({ signal: interruption.signal, network: { attempts: 1 } }), [
    await extension('a', ['v1.0.0']),
  ]);
  interruption.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
});

test('without a network it says so', async () => {
  await expect(findOutdated(contextOf({ offline: true }), [])).rejects.toMatchObject({ code: 'OFFLINE' });
});
