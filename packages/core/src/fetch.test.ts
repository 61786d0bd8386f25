import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FakeUpstream, startUpstream, temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache, sha256 } from './cache.ts';
import { type Context, type ContextOptions, type SysextEvent, createContext } from './context.ts';
import type { SysextError } from './errors.ts';
import { download, fetchText } from './fetch.ts';
import { Mirrors } from './mirrors.ts';

const payload = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
const digest = sha256(payload);
const pin = { sha256: digest, size: payload.length };

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

function context(options: ContextOptions = {}): Context {
  return createContext({
    cache: new Cache(directory.path),
    env: {},
    onEvent: (event) => events.push(event),
    network: { connect: 1000, idle: 1000, attempts: 3 },
    ...options,
  });
}

const cacheHolds = async (): Promise<Buffer> => await readFile(new Cache(directory.path).blobPath(digest));
const leftovers = async (): Promise<string[]> => await readdir(join(directory.path, 'tmp'));
const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;

describe('download', () => {
  test('brings the locked bytes into the cache, and asks no server the next time', async () => {
    const url = upstream.put('/file', payload);
    expect(await download(context(), [url], pin)).toEqual(pin);
    expect(await cacheHolds()).toEqual(payload);
    expect(await download(context({ offline: true }), [url], pin)).toEqual(pin);
    expect(upstream.requests).toHaveLength(1);
  });

  test('learns digest and size where none are locked', async () => {
    expect(await download(context(), [upstream.put('/file', payload)], {})).toMatchObject(pin);
  });

  test('asks the mirror, and names upstream', async () => {
    upstream.put('/mirror/file', payload);
    const mirrors = new Mirrors({ 'https://upstream.example/': `${upstream.url}/mirror/` });
    await download(context({ mirrors }), ['https://upstream.example/file'], pin);
    expect(events.at(-1)).toMatchObject({ type: 'end', subject: 'https://upstream.example/file' });
  });

  test('wrong digest: stops, asks no other address, keeps nothing', async () => {
    const other = Buffer.alloc(payload.length, 1);
    const urls = [upstream.put('/file', other), upstream.put('/other', payload)];
    const error = await failure(download(context(), urls, pin));
    expect(error.code).toBe('DIGEST_MISMATCH');
    expect(error.message).toContain(digest);
    expect(error.message).toContain(sha256(other));
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/file']);
    expect(await leftovers()).toEqual([]);
    expect(await new Cache(directory.path).check(pin)).toBe('absent');
  });

  test('wrong size, announced: stops before the bytes come', async () => {
    const url = upstream.put('/file', Buffer.concat([payload, payload]));
    expect((await failure(download(context(), [url], pin))).code).toBe('SIZE_MISMATCH');
  });

  test('a web page instead of a file is called that', async () => {
    const url = upstream.put('/file', payload, { fault: { kind: 'html' } });
    expect((await failure(download(context(), [url], { sha256: digest }))).code).toBe('HTML_PAGE');
    expect((await failure(download(context(), [url], {}))).code).toBe('HTML_PAGE');
  });

  test('truncated once: goes on where it stopped', async () => {
    const url = upstream.put('/file', payload, { fault: { kind: 'truncate', after: 100_000, times: 1 } });
    await download(context(), [url], pin);
    expect(await cacheHolds()).toEqual(payload);
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.requests[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('truncated every time at once: says so, and leaves the begun file for the next run', async () => {
    const url = upstream.put('/file', payload, { fault: { kind: 'truncate', after: 0 } });
    expect((await failure(download(context(), [url], pin))).code).toBe('TRUNCATED');
    upstream.put('/file', payload);
    await download(context(), [url], pin);
    expect(await cacheHolds()).toEqual(payload);
  });

  test('a server that knows no ranges is read from the start again', async () => {
    const url = upstream.put('/file', payload, {
      ranges: false,
      fault: { kind: 'truncate', after: 100_000, times: 1 },
    });
    await download(context(), [url], pin);
    expect(upstream.requests[1]!.range).toBeDefined();
    expect(await cacheHolds()).toEqual(payload);
  });

  test('a proxy that drops every third connection is outlasted', async () => {
    const url = upstream.put('/file', payload, { fault: { kind: 'flaky', after: 60_000 } });
    await download(context(), [url], pin);
    expect(await cacheHolds()).toEqual(payload);
    expect(upstream.requests.length).toBeGreaterThan(4);
  });

  test('a stalling server is given up, and the next address is asked', async () => {
    const stalls = upstream.put('/file', payload, { fault: { kind: 'stall', after: 10 } });
    const good = upstream.put('/good', payload);
    const error = await failure(download(context({ network: { idle: 300, attempts: 1 } }), [stalls], pin));
    expect(error.code).toBe('STALLED');
    await download(context({ network: { idle: 300, attempts: 1 } }), [stalls, good], pin);
    expect(await cacheHolds()).toEqual(payload);
  });

  test.each([404, 403, 410])('status %i: the next address is asked, once', async (status) => {
    const gone = upstream.put('/gone', '', { fault: { kind: 'status', status } });
    const good = upstream.put('/good', payload);
    await download(context(), [gone, good], pin);
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/gone', '/good']);
    expect((await failure(download(context({ cache: new Cache(join(directory.path, 'b')) }), [gone], pin))).code).toBe(
      'HTTP_STATUS',
    );
  });

  test.each([429, 500, 503])('status %i passes: it is asked again', async (status) => {
    const url = upstream.put('/busy', payload, { fault: { kind: 'status', status, times: 2 } });
    await download(context(), [url], pin);
    expect(upstream.requests).toHaveLength(3);
  });

  test('redirects are followed; circles and steps down to http are refused', async () => {
    upstream.put('/target', payload);
    await download(context(), [upstream.put('/moved', '', { fault: { kind: 'redirect', to: '/target' } })], pin);
    const other = context({ cache: new Cache(join(directory.path, 'b')) });
    const loop = upstream.put('/loop', '', { fault: { kind: 'redirect-loop' } });
    expect((await failure(download(other, [loop], pin))).code).toBe('REDIRECT');
    const file = upstream.put('/file', '', { fault: { kind: 'redirect', to: 'file:///etc/passwd' } });
    expect((await failure(download(other, [file], pin))).code).toBe('REDIRECT');
  });

  test('nobody listens: unreachable within seconds, and asked once a run', async () => {
    const { url } = await startUpstream().then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    const run = context();
    const started = Date.now();
    expect((await failure(download(run, [`${url}/a`], pin))).code).toBe('UNREACHABLE');
    expect(Date.now() - started).toBeLessThan(2000);
    expect((await failure(download(run, [`${url}/b`], pin))).message).toContain('a moment ago');
  });

  test('several addresses that all fail are all named', async () => {
    const urls = [404, 500].map((status) => upstream.put(`/${status}`, '', { fault: { kind: 'status', status } }));
    const error = await failure(download(context({ network: { attempts: 1 } }), urls, pin));
    expect(error.code).toBe('SOURCES_EXHAUSTED');
    for (const url of urls) expect(error.message).toContain(url);
  });

  test('one flipped bit in the cache: noticed, thrown away, fetched again', async () => {
    const url = upstream.put('/file', payload);
    await download(context(), [url], pin);
    const path = new Cache(directory.path).blobPath(digest);
    const bytes = await readFile(path);
    bytes[1000]! ^= 1;
    await writeFile(path, bytes);
    expect((await failure(download(context({ offline: true }), [url], pin))).code).toBe('CACHE_DAMAGED');
    await writeFile(path, bytes);
    await download(context(), [url], pin);
    expect(events.some(({ type }) => type === 'warning')).toBe(true);
    expect(await cacheHolds()).toEqual(payload);
  });

  test('interrupted: ends at once with the reason, and goes on from there the next time', async () => {
    const url = upstream.put('/file', payload, { fault: { kind: 'stall', after: 200_000 } });
    const stop = new AbortController();
    const running = download(context({ signal: stop.signal, network: { idle: 60_000 } }), [url], pin);
    await expect.poll(() => events.some(({ type }) => type === 'progress')).toBe(true);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    upstream.put('/file', payload);
    await download(context(), [url], pin);
    expect(upstream.requests.at(-1)!.range).toMatch(/^bytes=[1-9]/);
    expect(await cacheHolds()).toEqual(payload);
  });

  test('begun bytes that turn out to be others are dropped, once', async () => {
    const url = upstream.put('/file', Buffer.alloc(payload.length, 7), { fault: { kind: 'truncate', after: 50_000 } });
    await failure(download(context({ network: { attempts: 1 } }), [url], pin));
    upstream.put('/file', payload);
    await download(context(), [url], pin);
    expect(await cacheHolds()).toEqual(payload);
  });

  test('two of the same at once both get it', async () => {
    const url = upstream.put('/file', payload);
    await Promise.all([download(context(), [url], pin), download(context(), [url], pin)]);
    expect(await cacheHolds()).toEqual(payload);
    expect(await leftovers()).toEqual([]);
  });
});

describe('fetchText', () => {
  test('hands on headers, but a token never to another origin', async () => {
    await using other = await startUpstream();
    const there = other.put('/there', 'text');
    const url = upstream.put('/here', '', { fault: { kind: 'redirect', to: there } });
    const { text } = await fetchText(context(), url, { authorization: 'Bearer secret' });
    expect(text).toBe('text');
    expect(upstream.requests[0]!.authorization).toBe('Bearer secret');
    expect(other.requests[0]!.authorization).toBeUndefined();
  });
});
