import { type FakeUpstream, startUpstream } from '@sysext/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cache } from './cache.ts';
import { type Context, createContext } from './context.ts';
import { Mirrors } from './mirrors.ts';
import { listVersions } from './versions.ts';

let upstream: FakeUpstream;
beforeEach(async () => (upstream = await startUpstream()));
afterEach(async () => await upstream[Symbol.asyncDispose]());

const contextOf = (env: Record<string, string> = {}): Context =>
  createContext({
    cache: new Cache('/nonexistent'),
    env,
    mirrors: new Mirrors({ 'https://api.github.com/': `${upstream.url}/` }),
    network: { attempts: 1 },
  });

const release = (tag: string, more: object = {}): object => ({
  tag_name: tag,
  draft: false,
  prerelease: false,
  published_at: '2025-03-27T20:30:00Z',
  assets: [],
  ...more,
});

const source = { from: 'github-releases', repo: 'o/r' } as const;
const first = '/repos/o/r/releases?per_page=100';

test('all pages, newest first, without drafts and prereleases', async () => {
  // The header names GitHub itself, as a mirror that passes answers on leaves it.
  upstream.put(first, JSON.stringify([release('v1.9.0'), release('v1.10.0'), release('v2.0.0-rc.1')]), {
    headers: {
      link: '<https://api.github.com/repositories/1/releases?per_page=100&page=2>; rel="next", <x>; rel="last"',
    },
  });
  upstream.put(
    '/repos/o/r/releases?per_page=100&page=2',
    JSON.stringify([release('v1.8.0'), release('v3.0.0', { prerelease: true }), release('v4.0.0', { draft: true })]),
  );
  const { versions } = await listVersions(contextOf(), source);
  expect(versions.map(({ version }) => version)).toEqual(['v1.10.0', 'v1.9.0', 'v1.8.0']);
  expect(versions[0]!.date).toBe('2025-03-27');
});

test('a token goes along when it is set', async () => {
  upstream.put(first, '[]');
  await listVersions(contextOf(), source);
  await listVersions(contextOf({ GITHUB_TOKEN: 'secret' }), source);
  expect(upstream.requests.map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer secret']);
});

test('hostile tags are refused by name rules', async () => {
  const hostile = ['v1.0$(id)', '../x', 'v1 0', 'v1.0\n', 'v1~rc', ''];
  upstream.put(first, JSON.stringify([release('v1.0.0'), ...hostile.map((tag) => release(tag))]));
  const { versions, refused } = await listVersions(contextOf(), source);
  expect(versions.map(({ version }) => version)).toEqual(['v1.0.0']);
  expect(refused).toEqual(hostile);
});

test('a pattern filters, a tag template is taken off', async () => {
  upstream.put(first, JSON.stringify([release('api/v1.0.0'), release('v2.2.5'), release('2.0.0')]));
  const { versions } = await listVersions(contextOf(), { ...source, tag: 'v{version}', match: '\\d+\\.\\d+\\.\\d+' });
  expect(versions.map(({ version }) => version)).toEqual(['2.2.5']);
});

test('the rate limit is called that', async () => {
  upstream.put(first, '', { fault: { kind: 'status', status: 403 } });
  await expect(listVersions(contextOf(), source)).rejects.toMatchObject({
    code: 'HTTP_STATUS',
    hint: expect.stringContaining('GITHUB_TOKEN'),
  });
});

test('an answer that is none of GitHub is an error, not an empty list', async () => {
  upstream.put(first, '{"message":"no"}');
  await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'HTTP_STATUS' });
});
