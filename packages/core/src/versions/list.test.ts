import { type FakeUpstream, startUpstream } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../cache.ts';
import { type Context, createContext } from '../context.ts';
import { Mirrors } from '../mirrors.ts';
import { listVersions } from './list.ts';
import type { VersionSource } from './source.ts';

let upstream: FakeUpstream;
beforeEach(async () => (upstream = await startUpstream()));
afterEach(async () => await upstream[Symbol.asyncDispose]());

const contextOf = (env: Record<string, string> = {}, network: object = {}): Context =>
  createContext({
    cache: new Cache('/nonexistent'),
    env,
    mirrors: new Mirrors({
      'https://api.github.com/': `${upstream.url}/`,
      'https://gitlab.example/': `${upstream.url}/gitlab/`,
      'https://gitlab.com/': `${upstream.url}/gitlab/`,
      'https://api.releases.hashicorp.com/': `${upstream.url}/hashicorp/`,
      'https://raw.githubusercontent.com/': `${upstream.url}/raw/`,
      'https://www.haproxy.org/': `${upstream.url}/haproxy/`,
      'https://files.example/': `${upstream.url}/files/`,
    }),
    network: { attempts: 1, ...network },
  });

const names = async (source: VersionSource, context = contextOf()): Promise<string[]> =>
  (await listVersions(context, source)).versions.map(({ version }) => version);

const putJson = (path: string, value: unknown, headers: Record<string, string> = {}): void =>
  void upstream.put(path, JSON.stringify(value), { headers });

const hostile = ['v1.0$(id)', '../x', 'v1.0/../../x', 'v1 0', 'v1.0\n', 'v1~rc', '-rf', 'v1"; rm', 'é', ''];

describe('github-releases', () => {
  const source = { from: 'github-releases', repo: 'o/r' } as const;
  const first = '/repos/o/r/releases?per_page=100';
  const release = (tag: string, more: object = {}): object => ({
    tag_name: tag,
    draft: false,
    prerelease: false,
    published_at: '2025-03-27T20:30:00Z',
    assets: [],
    ...more,
  });

  test('all pages, newest first, without drafts and prereleases', async () => {
    // The header names GitHub itself, as a mirror that passes answers on leaves it.
    putJson(first, [release('v1.9.0'), release('v1.10.0'), release('v2.0.0-rc.1')], {
      link: '<https://api.github.com/repositories/1/releases?per_page=100&page=2>; rel="next", <x>; rel="last"',
    });
    putJson('/repos/o/r/releases?per_page=100&page=2', [
      release('v1.8.0'),
      release('v3.0.0', { prerelease: true }),
      release('v4.0.0', { draft: true }),
    ]);
    const { versions } = await listVersions(contextOf(), source);
    expect(versions.map(({ version }) => version)).toEqual(['v1.10.0', 'v1.9.0', 'v1.8.0']);
    expect(versions[0]!.date).toBe('2025-03-27');
  });

  test('a next page on another host is looked for on the one that was asked', async () => {
    putJson(first, [release('v1.0.0')], { link: '<https://evil.example/x?page=2>; rel="next"' });
    putJson('/repos/o/r/releases?page=2', [release('v1.1.0')]);
    expect(await names(source, contextOf({ GITHUB_TOKEN: 'secret' }))).toEqual(['v1.1.0', 'v1.0.0']);
    expect(upstream.requests.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret']);
  });

  test('a list without an end is left after a hundred pages', async () => {
    putJson(first, [release('v1.0.0')], { link: `<${first}>; rel="next"` });
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    expect(upstream.requests).toHaveLength(100);
  });

  test('a token goes along when it is set', async () => {
    putJson(first, []);
    await listVersions(contextOf(), source);
    await listVersions(contextOf({ GITHUB_TOKEN: 'secret' }), source);
    expect(upstream.requests.map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer secret']);
  });

  test('a redirect, as of a repository that was renamed, is followed; the token stays behind on another host', async () => {
    await using other = await startUpstream();
    other.put('/new', JSON.stringify([release('v1.0.0')]));
    upstream.put(first, '', { fault: { kind: 'redirect', to: `${other.url}/new` } });
    expect(await names(source, contextOf({ GITHUB_TOKEN: 'secret' }))).toEqual(['v1.0.0']);
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('hostile tags are refused by name rules', async () => {
    putJson(
      first,
      ['v1.0.0', ...hostile].map((tag) => release(tag)),
    );
    const { versions, refused } = await listVersions(contextOf(), source);
    expect(versions.map(({ version }) => version)).toEqual(['v1.0.0']);
    expect(refused).toEqual(hostile);
  });

  test('a pattern filters, a tag template is taken off', async () => {
    putJson(first, [release('api/v1.0.0'), release('v2.2.5'), release('2.0.0'), release('v')]);
    expect(await names({ ...source, tag: 'v{version}', match: '\\d+\\.\\d+\\.\\d+' })).toEqual(['2.2.5']);
  });

  test('the rate limit is called that', async () => {
    upstream.put(first, '', { fault: { kind: 'status', status: 403 } });
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      hint: expect.stringContaining('GITHUB_TOKEN'),
    });
  });

  test('what passes is asked for again', async () => {
    upstream.put(first, '[]', { fault: { kind: 'status', status: 503, times: 1 } });
    expect(await names(source, contextOf({}, { attempts: 2 }))).toEqual([]);
  });

  test.each([
    ['an object', '{"message":"no"}'],
    ['a login page', '<!DOCTYPE html><html></html>'],
    ['nothing', ''],
    ['half of it', '[{"tag_name":"v1'],
    ['another list', '[1]'],
    ['more than a page holds', JSON.stringify(Array.from({ length: 101 }, (_, i) => release(`v${i}`)))],
  ])('%s instead of releases is an error, not an empty list', async (_, answer) => {
    upstream.put(first, answer);
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test('an answer that does not end is left after 16 MiB', async () => {
    upstream.put(first, Buffer.alloc(17 * 1024 ** 2, ' '));
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'SIZE_MISMATCH' });
  });
});

test('github-tags: all pages of tags', async () => {
  const first = '/repos/o/r/tags?per_page=100';
  putJson(first, [{ name: 'v2.3.0' }, { name: 'v2.3.0-rc1' }], { link: '<https://x.example/y?page=2>; rel="next"' });
  putJson('/repos/o/r/tags?page=2', [{ name: 'v2.3.1' }, { name: '../x' }]);
  expect(await listVersions(contextOf(), { from: 'github-tags', repo: 'o/r' })).toEqual({
    versions: [
      { version: 'v2.3.1', date: undefined },
      { version: 'v2.3.0', date: undefined },
    ],
    refused: ['../x'],
  });
});

describe('gitlab-tags', () => {
  const source = {
    from: 'gitlab-tags',
    instance: 'https://gitlab.example',
    project: 'g/p',
    tag: 'v{version}',
  } as const;
  const first = '/gitlab/api/v4/projects/g%2Fp/repository/tags?per_page=100';

  test('all pages of tags, each with its day', async () => {
    putJson(first, [{ name: 'v3.1.0', commit: { created_at: '2025-01-02T03:04:05.000+01:00' } }], {
      link: '<https://gitlab.example/api/v4/projects/6/repository/tags?page=2>; rel="next"',
    });
    putJson('/gitlab/api/v4/projects/g%2Fp/repository/tags?page=2', [
      { name: 'v3.1.2', created_at: '2025-02-02T00:00:00Z', commit: { created_at: '2024-01-01T00:00:00Z' } },
      { name: 'v3.2-alpha1' },
      { name: 'v$(id)' },
    ]);
    expect(await listVersions(contextOf(), source)).toEqual({
      versions: [
        { version: '3.1.2', date: '2025-02-02' },
        { version: '3.1.0', date: '2025-01-02' },
      ],
      refused: ['v$(id)'],
    });
  });

  test('a token goes to the instance it is for', async () => {
    putJson(first, []);
    const project = { from: 'gitlab-tags', project: 'g/p' } as const;
    await listVersions(contextOf({ GITLAB_TOKEN: 'secret' }), source);
    await listVersions(contextOf({ GITLAB_TOKEN: 'secret' }), { ...project, instance: 'https://gitlab.com' });
    await listVersions(contextOf({ GITLAB_TOKEN: 'secret', GITLAB_HOST: 'gitlab.example' }), source);
    expect(upstream.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      'Bearer secret',
      'Bearer secret',
    ]);
  });
});

describe('hashicorp', () => {
  const first = '/hashicorp/v1/releases/vault?license_class=oss&limit=20';
  const entry = (version: string, day: string, more: object = {}): object => ({
    version,
    is_prerelease: false,
    license_class: 'oss',
    timestamp_created: `${day}T10:11:12.000Z`,
    ...more,
  });
  const source = { from: 'hashicorp', product: 'vault' } as const;

  test('page after page until one is empty, enterprise builds and prereleases left out', async () => {
    putJson(first, [
      entry('1.18.5', '2025-03-02'),
      entry('1.19.0+ent', '2025-03-01', { license_class: 'enterprise' }),
      entry('1.19.0', '2025-03-01'),
    ]);
    putJson(`${first}&after=2025-03-01T10%3A11%3A12.000Z`, [
      entry('1.19.0-rc1', '2025-02-01', { is_prerelease: true }),
      entry('1.18.4', '2025-01-01'),
    ]);
    putJson(`${first}&after=2025-01-01T10%3A11%3A12.000Z`, []);
    // A patch of an older series that came last is not the newest version.
    expect(await names(source)).toEqual(['1.19.0', '1.18.5', '1.18.4']);
  });

  test('a server that gives the same page again and again is left', async () => {
    putJson(first, [entry('1.0.0', '2025-01-01')]);
    putJson(`${first}&after=2025-01-01T10%3A11%3A12.000Z`, [entry('1.0.0', '2025-01-01')]);
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test('a time that is none does not become part of an address', async () => {
    putJson(first, [{ ...entry('1.0.0', ''), timestamp_created: '&x' }]);
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });
});

test('kubernetes: the patches of its schedule', async () => {
  const schedule = `
schedules:
- release: "1.30"
  releaseDate: "2024-04-17"
  endOfLifeDate: "2999-01-01"
  previousPatches:
  - release: 1.30.10
    targetDate: "2025-02-13"
  - release: 1.30.9
    targetDate: "2025-01-15"
`;
  upstream.put('/raw/kubernetes/website/main/data/releases/schedule.yaml', schedule);
  const { versions } = await listVersions(contextOf(), { from: 'kubernetes' });
  expect(versions).toEqual([
    { version: 'v1.30.10', date: '2025-02-13' },
    { version: 'v1.30.9', date: '2025-01-15' },
  ]);
});

describe('listing', () => {
  const source = {
    from: 'listing',
    url: 'https://files.example/stable/',
    pattern: 'docker-(\\d[\\w.-]*)\\.tgz',
  } as const;

  test('the versions of the files that a page names, each once', async () => {
    const files = [
      'docker-28.0.4.tgz',
      'docker-9.1.tgz',
      'docker-rootless-extras-28.0.4.tgz',
      'docker-29.0.0-rc.1.tgz',
    ];
    upstream.put('/files/stable/', files.map((name) => `<a href="${name}">${name}</a>\n`).join(''));
    expect(await names(source)).toEqual(['28.0.4', '9.1']);
  });

  test('a page that names none is an error', async () => {
    upstream.put('/files/stable/', '', { fault: { kind: 'html' } });
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test('more versions than anybody has are an error', async () => {
    upstream.put('/files/stable/', Array.from({ length: 20_001 }, (_, i) => `docker-${i}.tgz\n`).join(''));
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });
});

describe('haproxy', () => {
  const source = { from: 'haproxy', since: '3.0' } as const;
  const branch = (name: string, releases: Record<string, string>): void =>
    putJson(`/haproxy/download/${name}/src/releases.json`, {
      branch: name,
      releases: Object.fromEntries(Object.entries(releases).map(([version, date]) => [version, { date }])),
    });

  test('the releases of every branch since one', async () => {
    upstream.put('/haproxy/download/', '<a href="2.9/">2.9/</a> <a href="3.0/">3.0/</a> <a href="3.2/">3.2/</a>');
    branch('3.0', { '3.0.9': '2025-03-20', '3.0-dev1': '2024-01-01' });
    branch('3.2', { '3.2-dev5': '2025-02-08', '3.2.0': '2025-05-28', '../x': '2025-05-28' });
    expect(await listVersions(contextOf(), source)).toEqual({
      versions: [
        { version: '3.2.0', date: '2025-05-28' },
        { version: '3.0.9', date: '2025-03-20' },
      ],
      refused: ['../x'],
    });
    expect(upstream.requests).toHaveLength(3);
  });

  test("another branch's answer is an error", async () => {
    upstream.put('/haproxy/download/', '<a href="3.0/">3.0/</a>');
    putJson('/haproxy/download/3.0/src/releases.json', { branch: '2.9', releases: {} });
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  test('a page without branches is an error', async () => {
    upstream.put('/haproxy/download/', '', { fault: { kind: 'html' } });
    await expect(listVersions(contextOf(), source)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });
});

describe('without a network', () => {
  test.each<VersionSource>([
    { from: 'github-releases', repo: 'o/r' },
    { from: 'go-module', module: 'example.com/m' },
    { from: 'kubernetes' },
  ])('$from says so', async (source) => {
    await expect(listVersions({ ...contextOf(), offline: true }, source)).rejects.toMatchObject({ code: 'OFFLINE' });
  });
});
