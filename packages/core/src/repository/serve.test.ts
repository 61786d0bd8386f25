import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { noise } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../cache.ts';
import { type RunningServer, serveRepository } from './serve.ts';
import { type Workshop, failure, startWorkshop } from './testing/repository.ts';

let shop: Workshop;
let server: RunningServer;
const content = noise(8_000_000);
beforeEach(async () => {
  shop = await startWorkshop();
  await shop.publish([{ version: 'v1.0.0', content }]);
  server = await serveRepository({ directory: shop.repository, port: 0 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

const image = 'demo/demo-v1.0.0-x86-64.raw';
const get = async (path: string, init?: RequestInit): Promise<Response> => await fetch(server.url + path, init);

/** Sends bytes as they are, and returns the status line and the rest of the answer. */
async function raw(text: string): Promise<string> {
  const { port, hostname } = new URL(server.url);
  return await new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1').on('data', (data: string) => (answer += data));
    // A server that has said no may cut off who goes on.
    socket.on('error', () => undefined).on('close', () => resolve(answer));
  });
}

describe('a file', () => {
  test('is served whole, with what caches need', async () => {
    const answer = await get(image);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-length': '8000000',
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      etag: expect.any(String),
      'last-modified': expect.any(String),
    });
    expect(sha256(await answer.bytes())).toBe(sha256(content));
    const head = await get(image, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), (await head.bytes()).length]).toEqual([200, '8000000', 0]);
    expect((await get('demo/SHA256SUMS')).headers.get('cache-control')).toBe('no-cache');
  });

  test('is served in part, and not again when it is the same', async () => {
    const part = await get(image, { headers: { range: 'bytes=7999990-' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 7999990-7999999/8000000']);
    expect(Buffer.from(await part.bytes())).toEqual(content.subarray(-10));
    const beyond = await get(image, { headers: { range: 'bytes=8000000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */8000000']);
    const etag = (await get('demo/SHA256SUMS')).headers.get('etag')!;
    // fetch() would ask caches to look again, which is an order to the server too.
    const again = `GET /demo/SHA256SUMS HTTP/1.1\r\nhost: x\r\nconnection: close\r\nif-none-match: ${etag}\r\n\r\n`;
    expect(await raw(again)).toMatch(/^HTTP\/1\.1 304 /);
    await shop.publish([{ version: 'v1.0.1' }]);
    expect(await raw(again)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test.each([
  '',
  'demo',
  'demo/',
  'nope',
  'demo//SHA256SUMS',
  '.lock',
  'demo/.generations/1/SHA256SUMS',
  'demo/%2egenerations/1/SHA256SUMS',
  'demo/SHA256SUMS.asc',
  'x'.repeat(5000),
  `${image}/x`,
])('no such file, and no listing: /%s', async (path) => {
  const answer = await get(path);
  expect([answer.status, await answer.text()]).toEqual([404, '404\n']);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('%s is not allowed', async (method) => {
  const answer = await get(image, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test.each([
  ['a path that climbs', 'GET /../key.asc HTTP/1.1'],
  ['one that climbs in code', 'GET /demo/%2e%2e/%2e%2e/key.asc HTTP/1.1'],
  ['an encoded slash', 'GET /..%2fkey.asc HTTP/1.1'],
  ['a backslash', 'GET /..\\key.asc HTTP/1.1'],
  ['a NUL', 'GET /demo/SHA256SUMS%00.txt HTTP/1.1'],
  ['a broken escape', 'GET /%zz HTTP/1.1'],
  ['an overlong escape', 'GET /%c0%ae%c0%ae/key.asc HTTP/1.1'],
  ['an absolute address', 'GET http://127.0.0.1/demo/SHA256SUMS HTTP/1.1'],
  ['no path', 'GET key.asc HTTP/1.1'],
  ['an asterisk', 'OPTIONS * HTTP/1.1'],
  ['a tunnel', 'CONNECT example.com:443 HTTP/1.1'],
  ['an unknown method', 'BREW / HTTP/1.1'],
  ['no HTTP', 'hello'],
  ['another HTTP', 'GET / HTTP/9.9'],
  ['huge headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}`],
  ['a header that is none', 'GET / HTTP/1.1\r\nx y z'],
  ['a body with two lengths', 'GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2'],
])('%s is answered with 4xx, or not at all', async (_, head) => {
  const answer = await raw(`${head}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  expect(answer).not.toMatch(/PRIVATE|root:/);
});

test('a link that leads out of the repository leads nowhere', async () => {
  await writeFile(join(shop.path, 'secret'), 'secret');
  await symlink(join(shop.path, 'secret'), join(shop.repository, 'link'));
  await mkdir(join(shop.path, 'repo-2'));
  await symlink('../repo-2', join(shop.repository, 'other'));
  await writeFile(join(shop.path, 'repo-2', 'file'), 'secret');
  for (const path of ['link', 'other/file']) expect((await get(path)).status).toBe(404);
});

test('200 clients that poll and download at once are all served, in bounded memory', { timeout: 60_000 }, async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const fetchWith = async (path: string): Promise<{ status: number | undefined; size: number }> =>
    await new Promise((resolve, reject) => {
      httpRequest(server.url + path, { agent }, (response) => {
        let size = 0;
        response.on('data', (chunk: Buffer) => (size += chunk.length));
        response.on('end', () => resolve({ status: response.statusCode, size })).on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  const round = async (): Promise<void> => {
    await Promise.all(
      Array.from({ length: 200 }, async (_, client) => {
        for (let poll = 0; poll < 3; poll++) expect((await fetchWith('demo/SHA256SUMS.gpg')).status).toBe(200);
        if (client % 2 === 0) expect(await fetchWith(image)).toEqual({ status: 200, size: content.length });
      }),
    );
  };
  await round();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 3; i++) await round();
  const growth = process.memoryUsage().rss - before;
  agent.destroy();
  // 100 downloads at once, of which it holds no more than pieces.
  expect(growth).toBeLessThan((100 * content.length) / 2);
});

test('an address that is taken, or not ours', async () => {
  const port = Number(new URL(server.url).port);
  expect((await failure(serveRepository({ directory: shop.repository, port }))).code).toBe('USAGE');
  expect((await failure(serveRepository({ directory: shop.repository, port: 0, host: '192.0.2.1' }))).code).toBe(
    'USAGE',
  );
  expect((await failure(serveRepository({ directory: join(shop.path, 'nope') }))).code).toBe('IO');
});
