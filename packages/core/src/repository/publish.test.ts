import { copyFile, mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareVersions } from '../version.ts';
import { createKey } from './keys.ts';
import { type PublishOptions, publish } from './publish.ts';
import { type Fabricated, fabricate } from './testing/fabricate.ts';
import { type Workshop, baseUrl, failure, startWorkshop } from './testing/repository.ts';
import { verifyRepository } from './verify.ts';
import { yank } from './yank.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await startWorkshop();
});
afterEach(async () => await shop[Symbol.asyncDispose]());

const at = (...path: string[]): string => join(shop.repository, ...path);
const text = async (...path: string[]): Promise<string> => await readFile(at(...path), 'utf8');
const problems = async (): Promise<string[]> =>
  (await verifyRepository(shop.context(), { source: shop.repository })).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );

/** As systemd runs it: sysexts are verified by `gpg`, with a home directory of its own. */
async function gpgVerifies(signature: string): Promise<boolean> {
  const home = await mkdir(join(shop.path, `gnupg-${signature}`), { recursive: true, mode: 0o700 });
  const { exitCode, stderr } = await execa(
    'gpg',
    [
      '--no-options', '--no-default-keyring', '--no-auto-key-locate', '--no-auto-check-trustdb', '--batch',
      '--trust-model=always', `--homedir=${home}`, `--keyring=${at('keys/import-pubring.gpg')}`,
      '--verify', at('demo', signature), '-',
    ],
    { inputFile: at('demo/SHA256SUMS'), reject: false },
  ); // prettier-ignore
  return exitCode === 0 && stderr.includes('Good signature');
}

describe('a published image', () => {
  test('lies beside what hosts and people need of it', async () => {
    const published = await shop.publish([{ version: 'v1.0.0' }, { version: 'v1.0.0', arch: 'arm64' }]);
    expect(published.map(({ version, added }) => [version, added])).toEqual([
      ['v1.0.0', true],
      ['v1.0.0', true],
    ]);
    expect((await readdir(at())).toSorted()).toEqual(['.lock', 'demo', 'index.json', 'keys']);
    expect((await readdir(at('demo'))).toSorted()).toEqual([
      '.generations',
      'SHA256SUMS',
      'SHA256SUMS.gpg',
      'SHA256SUMS.sha256.asc',
      'current',
      'demo-1.0.conf',
      'demo-1.0.transfer',
      'demo-v1.0.0-arm64.raw',
      'demo-v1.0.0-x86-64.raw',
      'demo.conf',
      'demo.transfer',
      'index.json',
      'index.json.asc',
      'records',
    ]);
    expect(await text('demo/SHA256SUMS')).toMatch(
      /^[0-9a-f]{64} \*demo-v1\.0\.0-arm64\.raw\n[0-9a-f]{64} \*demo-v1\.0\.0-x86-64\.raw\n$/,
    );
    expect(JSON.parse(await text('demo/index.json'))).toMatchObject({
      schema: 1,
      name: 'demo',
      versions: [
        {
          version: 'v1.0.0',
          upstream: 'v1.0.0',
          revision: 0,
          date: '2025-06-15',
          series: { name: '1.0', prefix: 'v1.0.' },
          licence: 'MIT',
          services: { 'demo.service': 'on-merge' },
          images: [{ arch: 'x86-64', record: { file: 'records/demo-v1.0.0-x86-64.json' } }, { arch: 'arm64' }],
        },
      ],
    });
    expect(JSON.parse(await text('index.json'))).toEqual({
      schema: 1,
      baseUrl,
      signed: true,
      extensions: {
        demo: {
          summary: 'A program for tests',
          homepage: 'https://demo.example/',
          licence: 'MIT',
          index: 'demo/index.json',
        },
      },
    });
    expect(await text('demo/demo.transfer')).toContain('Verify=yes\n');
    expect(await text('demo/demo-1.0.conf')).toContain('MatchPattern=demo-v1.0.@v-%a.raw\n');
    expect(await problems()).toEqual([]);
  });

  test('is signed so that gpg, run as systemd runs it, finds the signature good, under both names', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    for (const name of ['SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc']) expect(await gpgVerifies(name)).toBe(true);
    await writeFile(at('demo/SHA256SUMS'), `${'0'.repeat(64)} *demo-v1.0.0-x86-64.raw\n`);
    expect(await gpgVerifies('SHA256SUMS.gpg')).toBe(false);
  });

  test('comes to the others, newest first, and nothing old is written again', async () => {
    await shop.publish([{ version: 'v1.9.0' }]);
    await shop.publish([{ version: 'v1.10.0' }, { version: 'v1.2.0' }]);
    await shop.publish([{ name: 'other', version: '2' }]);
    const { versions } = JSON.parse(await text('demo/index.json')) as { versions: { version: string }[] };
    const names = versions.map(({ version }) => version);
    expect(names).toEqual(names.toSorted((a, b) => compareVersions(b, a)));
    expect(names).toHaveLength(3);
    expect(Object.keys((JSON.parse(await text('index.json')) as { extensions: object }).extensions)).toEqual([
      'demo',
      'other',
    ]);
    expect(await readlink(at('demo/current'))).toBe('.generations/2');
    expect(await problems()).toEqual([]);
  });

  test('may be published again, which does nothing', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    const [again] = await shop.publish([{ version: 'v1.0.0' }]);
    expect(again).toMatchObject({ added: false });
    expect(await readlink(at('demo/current'))).toBe('.generations/1');
  });

  test('that lost its file, or a bit of it, is put back by publishing it again', async () => {
    const image = { version: 'v1.0.0' };
    await shop.publish([image]);
    const file = at('demo/demo-v1.0.0-x86-64.raw');
    const bytes = await readFile(file);
    for (const damage of [async () => await rm(file), async () => await writeFile(file, bytes.subarray(1))]) {
      await damage();
      expect(await problems()).not.toEqual([]);
      expect(await shop.publish([image])).toMatchObject([{ added: false }]);
      expect((await readFile(file)).equals(bytes)).toBe(true);
      expect(await problems()).toEqual([]);
    }
  });

  test('leaves alone what lies beside it and was not published', async () => {
    const foreign = ['demo-v0.9.0-x86-64.raw', 'demo-v0.9.0-x86-64.raw.xz', 'notes.txt'];
    await mkdir(at('demo/records'), { recursive: true });
    for (const name of [...foreign, 'records/demo-v0.9.0-x86-64.json']) await writeFile(at('demo', name), 'mine');
    await shop.publish([{ version: 'v1.0.0' }]);
    await failure(shop.publish([{ version: '2' }]));
    for (const name of [...foreign, 'records/demo-v0.9.0-x86-64.json']) expect(await text('demo', name)).toBe('mine');
    const taken = await failure(shop.publish([{ version: 'v0.9.0' }]));
    expect(taken).toMatchObject({ code: 'USAGE', message: expect.stringContaining('and was not published') });
    expect(await text('demo', 'demo-v0.9.0-x86-64.raw')).toBe('mine');
  });

  test('may have been built into its place', async () => {
    const file = await fabricate(at('demo'), { version: 'v1.0.0' });
    const bytes = await readFile(file);
    await publish(shop.context(), { ...options(), images: [file] });
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect(await problems()).toEqual([]);
  });

  test('that is packed is served packed; the index names both digests', async () => {
    const content = Buffer.alloc(200_000, 'image');
    const { stdout } = await execa('xz', ['-c'], { input: content, encoding: 'buffer' });
    await shop.publish([{ version: 'v1.0.0', content, packed: stdout }]);
    expect(await readdir(at('demo'))).toContain('demo-v1.0.0-x86-64.raw.xz');
    expect(await readdir(at('demo'))).not.toContain('demo-v1.0.0-x86-64.raw');
    expect(await text('demo/index.json')).toContain('"raw":{"size":200000');
    expect(await problems()).toEqual([]);
    const other = await execa('xz', ['-c'], { input: 'other', encoding: 'buffer' });
    const wrong = shop.publish([{ version: 'v1.0.1', content, packed: other.stdout }]);
    expect((await failure(wrong)).code).toBe('DIGEST_MISMATCH');
  });
});

describe('is refused, and changes nothing:', () => {
  const cases: [what: string, image: Fabricated, code: string, says: RegExp][] = [
    [
      'other bytes',
      { version: 'v1.0.0', content: Buffer.from('other') },
      'ALREADY_PUBLISHED',
      /publish it as v1\.0\.0-1: set "revision": 1/,
    ],
    [
      'another packing',
      { version: 'v1.0.0', packed: Buffer.from('xz') },
      'ALREADY_PUBLISHED',
      /hosts would see one version twice/,
    ],
    ['an equal version', { version: 'v1.00.0' }, 'FEED_CONFLICT', /cannot tell it from v1\.0\.0/],
    ['no leading v', { version: '2.0.0' }, 'FEED_CONFLICT', /must not be mixed/],
    ['a prerelease', { version: 'v2.0.0-rc.1' }, 'FEED_CONFLICT', /prerelease.*--prereleases/s],
    [
      'a version with an architecture in it',
      { version: 'v2-x86-64.raw-1' },
      'FEED_CONFLICT',
      /taken for the architecture/,
    ],
    ['the name of the keyring', { name: 'keys', version: 'v1' }, 'RECORD_INVALID', /keeps its keyring/],
    ['a reserved name', { name: 'oem-x', version: 'v1' }, 'RECORD_INVALID', /belong to Flatcar/],
  ];
  test.each(cases)('%s', async (_, image, code, says) => {
    await shop.publish([{ version: 'v1.0.0' }]);
    const before = await text('demo/index.json');
    const error = await failure(shop.publish([{ name: 'other', version: 'v1' }, image]));
    expect(error.code).toBe(code);
    expect(`${error.message}\n${error.hint}`).toMatch(says);
    expect(await text('demo/index.json')).toBe(before);
    expect(await readdir(at())).not.toContain('other');
    expect(await problems()).toEqual([]);
  });

  test('two upstream versions with one name', async () => {
    await shop.publish([{ version: 'v1.0.0-k3s1' }]);
    expect((await failure(shop.publish([{ version: 'v1.0.0+k3s1' }]))).message).toContain('has that name too');
  });

  test('a series whose component is an extension', async () => {
    await shop.publish([{ name: 'demo-1', version: '1' }]);
    const files = await fabricate(join(shop.path, 'dist'), { version: 'v1.0.0' });
    const record = files.replace('.raw', '.json');
    await writeFile(record, (await readFile(record, 'utf8')).replace('"name": "1.0"', '"name": "1"'));
    const error = await failure(publish(shop.context(), { ...options(), images: [files] }));
    expect(error).toMatchObject({ code: 'FEED_CONFLICT', message: expect.stringContaining('component demo-1') });
  });

  test('a series that would take the versions of another', async () => {
    await shop.publish([{ version: 'v1.30.0' }]);
    const file = await fabricate(join(shop.path, 'dist'), { version: 'v1.3.0' });
    const record = file.replace('.raw', '.json');
    await writeFile(record, (await readFile(record, 'utf8')).replace('"prefix": "v1.3."', '"prefix": "v1.3"'));
    const error = await failure(publish(shop.context(), { ...options(), images: [file] }));
    expect(error).toMatchObject({ code: 'FEED_CONFLICT', message: expect.stringContaining('would take v1.30.0') });
  });

  test('an image that is not the one of its record', async () => {
    const file = await fabricate(join(shop.path, 'dist'), { version: 'v1.0.0' });
    await writeFile(file, 'other');
    expect((await failure(publish(shop.context(), { ...options(), images: [file] }))).code).toBe('DIGEST_MISMATCH');
    expect(await readdir(at('demo'))).toEqual([]);
    await copyFile(file.replace('.raw', '.json'), join(shop.path, 'dist', 'demo-v2-x86-64.json'));
    await writeFile(join(shop.path, 'dist', 'demo-v2-x86-64.raw'), 'other');
    const other = publish(shop.context(), { ...options(), images: [join(shop.path, 'dist', 'demo-v2-x86-64.raw')] });
    expect((await failure(other)).code).toBe('RECORD_INVALID');
    await rm(join(shop.path, 'dist', 'demo-v2-x86-64.json'));
    const without = publish(shop.context(), { ...options(), images: [join(shop.path, 'dist', 'demo-v2-x86-64.raw')] });
    expect((await failure(without)).message).toContain('has no build record beside it');
  });

  test('a key that hosts do not have', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    const signer = await createKey(shop.context(), join(shop.path, 'other.asc'));
    const error = await failure(shop.publish([{ version: 'v1.0.1' }], { signer }));
    expect(error).toMatchObject({ code: 'KEY_UNKNOWN', hint: expect.stringContaining('sysext key rotate') });
  });

  test('an index that somebody else wrote into: it is not signed', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    const index = await text('demo/index.json');
    await writeFile(at('demo/index.json'), index.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${'1'.repeat(64)}"`));
    expect((await failure(shop.publish([{ version: 'v1.0.1' }]))).code).toBe('SIGNATURE_INVALID');
  });

  test('a repository without an address, or with one that is none', async () => {
    for (const baseUrl of [
      undefined,
      'sysext.example',
      'file:///srv',
      'https://a:b@c.example/',
      'https://a.example/?x',
    ])
      expect((await failure(shop.publish([{ version: 'v1.0.0' }], { baseUrl }))).code).toBe('USAGE');
  });
});

const options = (): PublishOptions => ({ repository: shop.repository, baseUrl, signer: shop.signer, images: [] });

test('prereleases have a feed of their own', async () => {
  await shop.publish([{ name: 'demo-next', version: 'v2.0.0-rc.1' }], { prereleases: true });
  await shop.publish([{ name: 'demo-next', version: 'v2.0.0-rc.2' }]);
  expect(await problems()).toEqual([]);
  await shop.publish([{ version: 'v1.0.0' }]);
  const late = shop.publish([{ version: 'v2.0.0-rc.1' }], { prereleases: true });
  expect((await failure(late)).code).toBe('FEED_CONFLICT');
});

test('unsigned: the transfers say so, a warning too, and it does not mix', async () => {
  await shop.publish([{ version: 'v1.0.0' }], { signer: undefined });
  expect(await text('demo/demo.transfer')).toContain('Verify=no\n');
  expect(await readdir(at('demo'))).not.toContain('SHA256SUMS.gpg');
  expect(shop.events).toContainEqual(
    expect.objectContaining({ type: 'warning', message: expect.stringContaining('is unsigned') }),
  );
  expect((await failure(shop.publish([{ version: 'v1.0.1' }]))).code).toBe('USAGE');
  await shop.publish([{ version: 'v1.0.1' }], { signer: undefined });
  expect(await problems()).toEqual([]);
  const signed = { repository: join(shop.path, 'signed') };
  await shop.publish([{ version: 'v1.0.0' }], signed);
  expect((await failure(shop.publish([{ version: 'v1.0.1' }], { ...signed, signer: undefined }))).code).toBe('USAGE');
});

test('a repository that moves: every transfer names the new address', async () => {
  await shop.publish([{ version: 'v1.0.0' }, { name: 'other', version: '1' }]);
  await shop.publish([{ version: 'v1.0.1' }], { baseUrl: 'https://new.example/x' });
  expect(await text('other/other.conf')).toContain('Path=https://new.example/x/other/\n');
  await shop.publish([{ version: 'v1.0.2' }], { baseUrl: undefined });
  expect(await text('demo/demo.conf')).toContain('Path=https://new.example/x/demo/\n');
  expect(await problems()).toEqual([]);
});

describe('yank', () => {
  const take = async (version: string, reason = 'loses data'): ReturnType<typeof yank> =>
    await yank(shop.context(), { ...options(), extension: 'demo', version, reason });

  test('takes a version out of the list, and keeps its files, its reason and its name', async () => {
    await shop.publish([{ version: 'v1.0.0' }, { version: 'v1.0.1' }]);
    expect(await take('1.0.1')).toEqual({ version: 'v1.0.1', changed: true });
    expect(await take('1.0.1')).toEqual({ version: 'v1.0.1', changed: false });
    expect(await text('demo/SHA256SUMS')).not.toContain('v1.0.1');
    expect(await text('demo/index.json')).toContain('"yanked":"loses data"');
    expect(await readdir(at('demo'))).toContain('demo-v1.0.1-x86-64.raw');
    const again = await failure(shop.publish([{ version: 'v1.0.1' }]));
    expect(again).toMatchObject({
      code: 'ALREADY_PUBLISHED',
      message: expect.stringContaining('was yanked: loses data'),
    });
    expect(again.hint).toContain('v1.0.1-1');
    await shop.publish([{ version: 'v1.0.1', revision: 1 }]);
    expect(await problems()).toEqual([]);
    expect(await gpgVerifies('SHA256SUMS.gpg')).toBe(true);
  });

  test('of what is not there, or without a reason, is refused', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    expect((await failure(take('v9'))).code).toBe('UNKNOWN_VERSION');
    expect((await failure(take('v1.0.0', ' '))).code).toBe('USAGE');
    const other = yank(shop.context(), { ...options(), extension: 'other', version: '1', reason: 'x' });
    expect((await failure(other)).code).toBe('UNKNOWN_EXTENSION');
  });

  test('of the last version warns that nothing is left', async () => {
    await shop.publish([{ version: 'v1.0.0' }]);
    await take('v1.0.0');
    expect(await text('demo/SHA256SUMS')).toBe('');
    expect(shop.events).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('nothing of demo is left') }),
    );
  });
});
