import { appendFile, cp, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fault, type FakeUpstream, noise, startUpstream } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../cache.ts';
import { createContext } from '../context.ts';
import { type ExtensionIndex, parseIndex, ExtensionIndex as Schema } from './index-file.ts';
import { parseKeyring } from './keyring.ts';
import { createKey } from './keys.ts';
import { type MirrorOptions, type MirrorReport, mirror } from './mirror.ts';
import { beginRotation, finishRotation } from './rotate.ts';
import { makeGeneration } from './state.ts';
import { type Workshop, failure, startWorkshop } from './testing/repository.ts';
import { verifyRepository } from './verify.ts';
import { yank } from './yank.ts';

let shop: Workshop;
let copy: string;
beforeEach(async () => {
  shop = await startWorkshop();
  copy = join(shop.path, 'copy');
  await shop.publish([{ version: 'v1.0.0' }, { version: 'v1.0.1' }, { name: 'other', version: '1' }]);
});
afterEach(async () => await shop[Symbol.asyncDispose]());

const at = (...path: string[]): string => join(shop.repository, ...path);
const problems = async (source = shop.repository): Promise<string[]> => {
  const keyring = await parseKeyring(shop.signer.publicKey, 'the key');
  const { problems } = await verifyRepository(shop.context(), { source, keyring });
  return problems.map(({ path, message }) => `${path}: ${message}`);
};

async function copyFrom(source: string, options: Partial<MirrorOptions> = {}): Promise<MirrorReport> {
  return await mirror(shop.context(), { source, directory: copy, ...options });
}

/** What somebody who holds the key could write: an index by other means than publishing. */
async function rewrite(change: (index: ExtensionIndex) => ExtensionIndex): Promise<void> {
  const index = change(parseIndex(Schema, await readFile(at('demo/index.json')), 'index'));
  for (const [name, data] of Object.entries(await makeGeneration(index, shop.signer)))
    await writeFile(at('demo', name), data);
}

describe('is found by verify, and refused by mirror:', () => {
  const image = 'demo/demo-v1.0.1-x86-64.raw';
  const cases: [what: string, damage: () => Promise<void>, finds: RegExp][] = [
    [
      'one flipped bit in an image',
      async () => {
        const bytes = await readFile(at(image));
        bytes[1000]! ^= 4;
        await writeFile(at(image), bytes);
      },
      /demo-v1\.0\.1-x86-64\.raw.*does not have the published bytes/s,
    ],
    ['a truncated image', async () => await writeFile(at(image), 'short'), /demo-v1\.0\.1-x86-64\.raw/],
    ['a missing image', async () => await rm(at(image)), /the image is missing/],
    [
      'an edited list',
      async () => await appendFile(at('demo/SHA256SUMS'), `${'0'.repeat(64)} *demo-v9-x86-64.raw\n`),
      /signature of .*SHA256SUMS/i,
    ],
    [
      'a web page in place of the list',
      async () => await writeFile(at('demo/SHA256SUMS'), '<!doctype html><html></html>\n'),
      /signature of/i,
    ],
    [
      'a foreign signature',
      async () => {
        const other = await createKey(createContext(), join(shop.path, 'other.asc'));
        const signature = await other.sign(await readFile(at('demo/SHA256SUMS')));
        for (const name of ['SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc']) await writeFile(at('demo', name), signature);
      },
      /made by the unknown key/,
    ],
    [
      'a missing signature',
      async () =>
        await rm(at('demo/SHA256SUMS.sha256.asc'), { force: true }).then(
          async () => await rm(at('demo/current/SHA256SUMS.sha256.asc')),
        ),
      /sha256\.asc is missing/,
    ],
    [
      'a signature that is a web page',
      async () => await writeFile(at('demo/SHA256SUMS.gpg'), '<html></html>'),
      /it is a web page/,
    ],
    [
      'an edited index',
      async () => {
        const text = await readFile(at('demo/index.json'), 'utf8');
        await writeFile(at('demo/index.json'), text.replace('"licence":"MIT"', '"licence":"X"'));
      },
      /signature of .*index\.json/,
    ],
    [
      'the index of another extension, well signed',
      async () => await cp(at('other/current/'), at('demo/current/'), { recursive: true }),
      /is the one of other, not of demo/,
    ],
    ['a missing record', async () => await rm(at('demo/records/demo-v1.0.1-x86-64.json')), /record is missing/],
    [
      'an edited record',
      async () => await appendFile(at('demo/records/demo-v1.0.1-x86-64.json'), ' '),
      /records\/demo-v1\.0\.1-x86-64\.json has sha256/,
    ],
  ];
  test.each(cases)('%s', async (_, damage, finds) => {
    await damage();
    expect((await problems()).join('\n')).toMatch(finds);
    const error = await failure(copyFrom(shop.repository));
    expect(['SIGNATURE_INVALID', 'DIGEST_MISMATCH', 'RECORD_INVALID', 'REPOSITORY_INVALID', 'IO']).toContain(
      error.code,
    );
    expect(await readdir(copy)).not.toContain('index.json');
    expect(await readFile(join(copy, 'demo/SHA256SUMS')).catch(() => 'nothing')).toBe('nothing');
  });

  test.each([
    ['equal versions', 'v1.00.1', /cannot tell/],
    ['no leading v', '1.0.1', /must not be mixed/],
    ['a prerelease', 'v1.0.1-rc.1', /prerelease/],
  ])('what no publish would write, though it is signed: %s', async (_, version, finds) => {
    await rewrite((index) => {
      const [first] = index.versions;
      const images = first!.images.map((image) => ({ ...image, file: `demo-${version}-x86-64.raw` }));
      return { ...index, versions: [{ ...first!, version, upstream: version, images }, ...index.versions] };
    });
    expect((await problems()).join('\n')).toMatch(finds);
    expect((await failure(copyFrom(shop.repository))).code).toBe('FEED_CONFLICT');
  });

  test('a damaged transfer or keyring, and all problems at once', async () => {
    await writeFile(at('demo/demo.conf'), 'x');
    await rm(at('other/other.transfer'));
    await writeFile(at('keys/import-pubring.pgp'), 'x');
    await rm(at('other/records'), { recursive: true });
    expect(await problems()).toHaveLength(4);
  });
});

test('verify without a keyring uses the own one and says so; with --index-only it reads no image', async () => {
  await writeFile(at('demo/demo-v1.0.0-x86-64.raw'), await readFile(at('demo/demo-v1.0.1-x86-64.raw')));
  const report = await verifyRepository(shop.context(), { source: shop.repository, indexOnly: true });
  expect(report).toMatchObject({ problems: [], bytes: 0, images: 3, versions: 3, extensions: 2 });
  expect(shop.events).toContainEqual(
    expect.objectContaining({
      type: 'warning',
      message: expect.stringContaining(shop.signer.fingerprint.toUpperCase()),
    }),
  );
  const other = await createKey(shop.context(), join(shop.path, 'other.asc'));
  const keyring = await parseKeyring(other.publicKey, 'other');
  const foreign = await verifyRepository(shop.context(), { source: shop.repository, keyring, indexOnly: true });
  expect(foreign.problems).toHaveLength(2);
});

test('what is no repository is an error', async () => {
  await mkdir(copy);
  expect((await failure(verifyRepository(shop.context(), { source: copy }))).code).toBe('REPOSITORY_INVALID');
});

describe('a key that changes', () => {
  test('goes to hosts first; what is published in between is signed by the old one', async () => {
    const newSigner = await createKey(shop.context(), join(shop.path, 'new.asc'));
    const rotation = { repository: shop.repository, oldSigner: shop.signer, newSigner };
    expect((await failure(finishRotation(shop.context(), rotation))).code).toBe('KEY_UNKNOWN');
    await beginRotation(shop.context(), rotation);
    await shop.publish([{ version: 'v1.0.2' }]);
    const early = await failure(shop.publish([{ version: 'v1.0.3' }], { signer: newSigner }));
    expect(early).toMatchObject({ code: 'KEY_UNKNOWN', hint: expect.stringContaining('sysext key rotate --finish') });
    const elsewhere = await failure(shop.publish([{ name: 'third', version: '1' }], { signer: newSigner }));
    expect(elsewhere.code).toBe('KEY_UNKNOWN');
    expect(await problems()).toEqual([]);
    expect(await finishRotation(shop.context(), rotation)).toEqual(['demo', 'other']);
    await shop.publish([{ version: 'v1.0.3' }], { signer: newSigner });
    expect((await problems()).join('\n')).toMatch(/unknown key/);
    const keyring = await parseKeyring(newSigner.publicKey, 'new');
    const report = await verifyRepository(shop.context(), { source: shop.repository, keyring });
    expect(report.problems).toEqual([]);
  });

  test('is not taken by a copy before its operator says so', async () => {
    await copyFrom(shop.repository);
    const newSigner = await createKey(shop.context(), join(shop.path, 'new.asc'));
    const rotation = { repository: shop.repository, oldSigner: shop.signer, newSigner };
    await beginRotation(shop.context(), rotation);
    await copyFrom(shop.repository);
    expect(shop.events).toContainEqual(
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('a key that the copy does not') }),
    );
    await finishRotation(shop.context(), rotation);
    expect((await failure(copyFrom(shop.repository))).code).toBe('SIGNATURE_INVALID');
    const keyring = await parseKeyring(newSigner.publicKey, 'new');
    expect((await copyFrom(shop.repository, { keyring })).fetched).toEqual([]);
    expect((await verifyRepository(shop.context(), { source: copy, keyring })).problems).toEqual([]);
  });
});

describe('mirror over HTTP', () => {
  let upstream: FakeUpstream;
  beforeEach(async () => {
    upstream = await startUpstream();
  });
  afterEach(async () => await upstream[Symbol.asyncDispose]());

  /** Puts the repository on the server, with a fault in one file. */
  async function serve(faults: Readonly<Record<string, Fault>> = {}): Promise<void> {
    for (const entry of await readdir(shop.repository, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const bytes = await readFile(path).catch(() => undefined);
      const name = path.slice(shop.repository.length);
      if (bytes !== undefined) upstream.put(name, bytes, { fault: faults[name] });
    }
  }

  const large = { version: 'v2.0.0', content: noise(400_000) };
  const largeFile = '/demo/demo-v2.0.0-x86-64.raw';
  const signatures = ['SHA256SUMS', 'SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc', 'index.json', 'index.json.asc'];

  test('copies signatures as they are; a second time only what is new; yanks come along', async () => {
    await serve();
    expect((await copyFrom(upstream.url)).fetched).toHaveLength(3);
    await shop.publish([{ version: 'v1.0.2' }]);
    await yank(shop.context(), {
      repository: shop.repository,
      signer: shop.signer,
      extension: 'demo',
      version: 'v1.0.1',
      reason: 'bad',
    });
    await serve();
    expect((await copyFrom(upstream.url)).fetched).toEqual(['demo/demo-v1.0.2-x86-64.raw']);
    expect(await readFile(join(copy, 'demo/SHA256SUMS'), 'utf8')).not.toContain('v1.0.1');
    for (const name of signatures)
      expect(await readFile(join(copy, 'demo', name))).toEqual(await readFile(at('demo', name)));
    expect(await readdir(copy)).not.toContain('.mirror');
    expect(await problems(copy)).toEqual([]);
    expect(await problems(upstream.url)).toEqual([]);
    const only = join(shop.path, 'only');
    await mirror(shop.context(), { source: upstream.url, directory: only, only: ['other'] });
    expect((await readdir(only)).toSorted()).toEqual(['.lock', 'index.json', 'keys', 'other']);
    expect(await problems(only)).toEqual([]);
    expect((await failure(copyFrom(upstream.url, { only: ['nope'] }))).code).toBe('UNKNOWN_EXTENSION');
  });

  test('goes on where it was cut', async () => {
    await copyFrom(shop.repository);
    await shop.publish([large]);
    await serve({ [largeFile]: { kind: 'truncate', after: 100_000, times: 1 } });
    await failure(
      mirror(shop.context({ network: { connect: 1000, idle: 1000, attempts: 1 } }), {
        source: upstream.url,
        directory: copy,
      }),
    );
    expect(await readFile(join(copy, 'demo/SHA256SUMS'), 'utf8')).not.toContain('v2.0.0');
    expect(await problems(copy)).toEqual([]);
    expect((await copyFrom(upstream.url)).fetched).toEqual([largeFile.slice(1)]);
    expect(upstream.requests.findLast(({ path }) => path === largeFile)!.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await problems(copy)).toEqual([]);
    expect(await readdir(copy)).not.toContain('.mirror');
  });

  test.each([
    ['a proxy that drops connections', { kind: 'flaky', after: 60_000 }, undefined],
    ['a server that is busy at first', { kind: 'status', status: 503, times: 2 }, undefined],
    ['a login page', { kind: 'html' }, /HTML_PAGE|SIZE_MISMATCH|TRUNCATED/],
    ['a server that stalls', { kind: 'stall', after: 1000 }, /STALLED/],
    ['a shorter file', { kind: 'short', bytes: 1000 }, /SIZE_MISMATCH/],
    ['a file that is gone', { kind: 'status', status: 404 }, /HTTP_STATUS/],
    ['a redirect loop', { kind: 'redirect-loop' }, /REDIRECT/],
  ] as [string, Fault, RegExp | undefined][])('%s', { timeout: 20_000 }, async (_, fault, code) => {
    await copyFrom(shop.repository);
    await shop.publish([large]);
    await serve({ [largeFile]: fault });
    const network = { connect: 1000, idle: 300, attempts: 3 };
    const copying = mirror(shop.context({ network }), { source: upstream.url, directory: copy });
    if (code === undefined) await copying;
    else expect((await failure(copying)).code).toMatch(code);
    expect(await problems(copy)).toEqual([]);
    await serve();
    await copyFrom(upstream.url);
    expect(sha256(await readFile(join(copy, largeFile)))).toBe(sha256(large.content));
  });

  test.each([
    '/demo/SHA256SUMS',
    '/demo/SHA256SUMS.gpg',
    '/demo/index.json',
    '/index.json',
    '/keys/import-pubring.gpg',
  ])('a login page in place of %s', async (path) => {
    await serve({ [path]: { kind: 'html' } });
    expect((await failure(copyFrom(upstream.url))).code).toMatch(/SIGNATURE_INVALID|REPOSITORY_INVALID|KEY_INVALID/);
    expect(await readdir(copy)).not.toContain('index.json');
  });
});

test('an unsigned repository is copied only when that is said', async () => {
  const unsigned = join(shop.path, 'unsigned');
  await shop.publish([{ version: 'v1.0.0' }], { repository: unsigned, signer: undefined });
  expect((await failure(copyFrom(unsigned))).code).toBe('SIGNATURE_INVALID');
  await copyFrom(unsigned, { unsigned: true });
  expect((await failure(copyFrom(shop.repository))).code).toBe('USAGE');
});

test('names that lead out of the repository are no names', async () => {
  await mkdir(join(shop.path, 'outside'));
  await symlink(join(shop.path, 'outside'), at('link'));
  const index = JSON.parse(await readFile(at('index.json'), 'utf8')) as { extensions: Record<string, unknown> };
  index.extensions['../outside'] = index.extensions['demo'];
  await writeFile(at('index.json'), JSON.stringify(index));
  expect((await failure(copyFrom(shop.repository))).code).toBe('REPOSITORY_INVALID');
});
