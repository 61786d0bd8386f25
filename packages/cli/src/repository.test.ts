import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FakeUpstream, gzip, startUpstream, tar, temporaryDirectory, tinyElf } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const packages = join(import.meta.dirname, '..', '..');
const main = join(packages, 'cli', 'sysext.mjs');
const archive = gzip(tar([{ path: 'demo', content: tinyElf('x86-64', 'x'.repeat(20_000)) }]));
const passphrase = 'correct horse battery staple';

let upstream: FakeUpstream;
let work: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  upstream = await startUpstream();
  work = await temporaryDirectory();
  await mkdir(join(work.path, 'node_modules', '@sysext'), { recursive: true });
  for (const name of ['core', 'cli'])
    await symlink(join(packages, name), join(work.path, 'node_modules', '@sysext', name));
  await writeFile(join(work.path, 'package.json'), '{ "type": "module" }');
  upstream.put('/v1.0.0.tar.gz', archive);
  const directory = join(work.path, 'packages', 'extensions', 'demo');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "name": "@sysext/demo", "version": "1.0.0", "type": "module" }');
  await writeFile(
    join(directory, 'extension.ts'),
    `import { defineExtension } from '@sysext/core';
export default defineExtension(import.meta.dirname, {
  name: 'demo', summary: 'A program for tests', homepage: 'https://demo.example/', licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' }, series: '^v(\\\\d+\\\\.\\\\d+)\\\\.',
  sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/{version}.tar.gz', take: { demo: '/usr/bin/' } }] }],
});`,
  );
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const downloads = { 'https://demo.example/v1.0.0.tar.gz': { sha256, checked: 'test' } };
  await writeFile(
    join(directory, 'extension.lock.json'),
    JSON.stringify({ schema: 1, default: 'v1.0.0', versions: { 'v1.0.0': { revision: 0, downloads } } }),
  );
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

let more: Record<string, string> = {};
afterEach(() => {
  more = {};
});
const environment = (): Record<string, string> => ({
  PATH: process.env['PATH']!,
  HOME: work.path,
  SYSEXT_CACHE: join(work.path, 'cache'),
  SYSEXT_MIRRORS: `https://demo.example/=${upstream.url}/`,
  ...more,
});

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
}

const start = (...args: string[]) =>
  execa(process.execPath, [main, ...args], { cwd: work.path, env: environment(), extendEnv: false, reject: false });

async function sysext(...args: string[]): Promise<Ended> {
  return await start(...args);
}

const place = ['--repo', 'repo', '--key-file', 'key.asc'];
const publishDemo = ['publish', 'demo', '-a', 'x86-64', '--profile', 'fast'];

async function startRepository(): Promise<void> {
  await sysext('key', 'new', '--key-file', 'key.asc');
  const { stdout, stderr } = await sysext(...publishDemo, '--base-url', 'https://sysext.example/', ...place);
  expect({ stdout, stderr }).toMatchObject({ stdout: 'repo/demo/demo-v1.0.0-x86-64.raw' });
}

describe('sysext publish', () => {
  test('builds an extension, and publishes it with what hosts need', async () => {
    await startRepository();
    expect(await readdir(join(work.path, 'repo/demo'))).toEqual(
      expect.arrayContaining(['SHA256SUMS', 'SHA256SUMS.gpg', 'demo.transfer', 'demo-1.0.transfer', 'demo.conf']),
    );
    expect(await sysext('verify', 'repo', '--rebuild')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('repo: 0 problems; 1 extension, 1 version, 1 image'),
      stderr: expect.stringContaining("checked by the repository's own keyring"),
    });
    const image = 'packages/extensions/demo/dist/demo-v1.0.0-x86-64.raw';
    expect(JSON.parse((await sysext('publish', image, ...place, '--json')).stdout)).toMatchObject([
      { extension: 'demo', version: 'v1.0.0', added: false },
    ]);
  });

  test('takes repository, address, key and transport from the environment, or from a file', async () => {
    await sysext('key', 'new', '--key-file', 'key.asc');
    const config = { repo: 'there', baseUrl: 'https://a.example/', keyFile: 'key.asc', transport: 'xz' };
    await writeFile(join(work.path, 'sysext.config.json'), JSON.stringify(config));
    expect((await sysext(...publishDemo)).stdout).toBe(join(work.path, 'there/demo/demo-v1.0.0-x86-64.raw.xz'));
    more = {
      SYSEXT_REPO: 'other',
      SYSEXT_BASE_URL: 'https://b.example/',
      SYSEXT_KEY: await readFile(join(work.path, 'key.asc'), 'utf8'),
    };
    expect((await sysext(...publishDemo, '--transport', 'plain')).stdout).toBe('other/demo/demo-v1.0.0-x86-64.raw');
    await writeFile(join(work.path, 'sysext.config.json'), JSON.stringify({ key: 'x' }));
    expect(await sysext(...publishDemo)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('sysext.config.json'),
    });
  });

  test.each([
    ['no repository', [], 2, '--repo'],
    ['no key', ['--repo', 'repo'], 2, 'sysext key new --key-file FILE'],
    ['a key that is not there', ['--repo', 'repo', '--key-file', 'x'], 53, 'cannot read the key'],
    ['no address', ['--repo', 'repo', '--unsigned'], 2, '--base-url'],
  ])('%s: says what to type', async (_, args, exitCode, says) => {
    const ended = await sysext(...publishDemo, ...args);
    expect(ended).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(says) });
  });

  test('other bytes under a published name: names the revision to use', async () => {
    await startRepository();
    const ended = await sysext('publish', 'demo', '-a', 'x86-64', '--profile', 'release', ...place);
    expect(ended).toMatchObject({ exitCode: 61, stderr: expect.stringContaining('publish it as v1.0.0-1') });
  });
});

test('yank, and what verify says of a damaged repository', async () => {
  await startRepository();
  expect((await sysext('yank', 'demo', '1.0.0', '--reason', 'bad', ...place)).stdout).toBe('yanked demo v1.0.0');
  expect((await sysext('yank', 'demo', '1.0.0', '--reason', 'bad', ...place)).stdout).toContain('before');
  await writeFile(join(work.path, 'repo/demo/demo-v1.0.0-x86-64.raw'), 'damaged');
  const { exitCode, stdout } = await sysext('verify', 'repo', '--json');
  expect(exitCode).toBe(67);
  expect(JSON.parse(stdout)).toMatchObject({ problems: [{ path: 'demo/demo-v1.0.0-x86-64.raw' }] });
});

describe('sysext key', () => {
  test('makes a key that only its owner can read, and shows it', async () => {
    const { stdout } = await sysext(
      'key',
      'new',
      '--key-file',
      'key.asc',
      '--name',
      'Example',
      '--email',
      'a@b.example',
    );
    expect(stdout).toMatch(/^[0-9A-F]{40} Example <a@b\.example>$/);
    expect((await stat(join(work.path, 'key.asc'))).mode & 0o777).toBe(0o600);
    expect((await sysext('key', 'show', '--key-file', 'key.asc')).stdout).toBe(stdout);
    expect((await sysext('key', 'export', '--key-file', 'key.asc', '-o', 'ring.gpg')).stdout).toBe('ring.gpg');
    expect((await sysext('key', 'show', '--keyring', 'ring.gpg')).stdout).toBe(stdout);
    expect((await sysext('key', 'export', '--key-file', 'key.asc', '--armor')).stdout).toContain('PUBLIC KEY BLOCK');
    expect(await sysext('key', 'new', '--key-file', 'key.asc')).toMatchObject({ exitCode: 2 });
  });

  test('changes in two steps', async () => {
    await startRepository();
    const rotate = ['key', 'rotate', '--new-key-file', 'new.asc', ...place];
    expect((await sysext(...rotate)).stdout).toContain('--finish');
    expect((await sysext(...rotate, '--finish')).stdout).toContain('signed anew: demo');
    expect((await sysext(...publishDemo, ...place)).exitCode).toBe(64);
    expect((await sysext(...publishDemo, '--repo', 'repo', '--key-file', 'new.asc')).exitCode).toBe(0);
    expect((await sysext('verify', 'repo')).exitCode).toBe(0);
  });

  test('nothing secret is ever shown, or handed on', async () => {
    more = { SYSEXT_KEY_PASSPHRASE: passphrase };
    await startRepository();
    const armored = await readFile(join(work.path, 'key.asc'), 'utf8');
    const [, secret] = /\n\n([\s\S]{40})/.exec(armored)!;
    const ended = [
      await sysext(...publishDemo, ...place, '--json'),
      await sysext('key', 'show', '--key-file', 'key.asc', '--json'),
      await sysext('key', 'export', '--key-file', 'key.asc', '--armor'),
    ];
    more = { SYSEXT_KEY_PASSPHRASE: 'wrong' };
    ended.push(await sysext(...publishDemo, ...place), await sysext(...publishDemo, ...place, '--json'));
    more = { SYSEXT_KEY: armored };
    ended.push(await sysext(...publishDemo, '--repo', 'repo'));
    more = { SYSEXT_KEY: armored.slice(0, 200) };
    ended.push(await sysext(...publishDemo, '--repo', 'repo', '--json'));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 63, 63, 63, 63]);
    const files = await Promise.all(
      (await readdir(join(work.path, 'repo'), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(async (entry) => await readFile(join(entry.parentPath, entry.name), 'latin1')),
    );
    const seen = [...ended.map(({ stdout, stderr }) => stdout + stderr), ...files].join('\n');
    for (const hidden of [passphrase, secret!.slice(0, 30), 'PRIVATE KEY']) expect(seen).not.toContain(hidden);
  });
});

describe('sysext butane', () => {
  test('deploys from a repository, or what was built', async () => {
    await startRepository();
    const published = await sysext('butane', 'demo', '--repo', 'repo', '--arch', 'x86-64');
    expect(published.stdout).toContain('source: https://sysext.example/demo/demo-v1.0.0-x86-64.raw\n');
    expect(published.stdout).toContain('- path: /etc/systemd/import-pubring.gpg\n');
    expect(published.stdout).toContain('Verify=yes\n');

    const keyring = ['--keyring', 'repo/keys/import-pubring.gpg'];
    const built = ['butane', 'demo', '--arch', 'x86-64', '--base-url', 'https://sysext.example/'];
    expect((await sysext(...built, ...keyring)).stdout).toBe(published.stdout);
    const image = 'packages/extensions/demo/dist/demo-v1.0.0-x86-64.raw';
    expect((await sysext(...built, ...keyring, '--image', image)).stdout).toBe(published.stdout);
    expect((await sysext(...built, '--no-verify')).stdout).toContain('Verify=no\n');

    more = { SYSEXT_REPO: 'repo' };
    expect((await sysext('butane', 'demo', '--arch', 'x86-64')).stdout).toBe(published.stdout);
    const series = await sysext('butane', 'demo', '--arch', 'x86-64', '--series', '1.0');
    expect(series.stdout).toContain('/etc/sysupdate.demo-1.0.d/demo-1.0.transfer\n');
  });

  test('refuses what Ignition cannot unpack', async () => {
    await startRepository();
    await sysext(
      ...publishDemo,
      '--transport',
      'xz',
      '--repo',
      'packed',
      '--key-file',
      'key.asc',
      '--base-url',
      'https://x/',
    );
    const { exitCode, stderr } = await sysext('butane', 'demo', '--repo', 'packed', '--arch', 'x86-64');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('demo-v1.0.0-x86-64.raw.xz, which Ignition cannot unpack');
    expect(stderr).toContain('--transport plain');
  });
});

test('serve and mirror: what is served verifies, is copied with its signatures, and Ctrl-C ends it', async () => {
  await startRepository();
  const serving = start('serve', 'repo', '--port', '0');
  for await (const line of serving.iterable({ from: 'stderr' })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    expect((await sysext('verify', url, '--keyring', 'repo/keys/import-pubring.gpg')).exitCode).toBe(0);
    const first = await sysext('mirror', url, 'copy', '--only', 'demo', '--base-url', 'https://in.example/');
    expect(first.stdout).toMatch(/^demo\/demo-v1\.0\.0-x86-64\.raw\n1 extension, /);
    expect(first.stderr).toContain('taken on trust');
    expect((await sysext('mirror', url, 'copy')).stdout).toBe('1 extension, 0 B fetched');
    serving.kill('SIGINT');
  }
  expect(await serving).toMatchObject({ exitCode: 0, stdout: '' });
  for (const name of ['SHA256SUMS.gpg', 'index.json.asc'])
    expect(await readFile(join(work.path, 'copy/demo', name))).toEqual(
      await readFile(join(work.path, 'repo/demo', name)),
    );
  expect(await readFile(join(work.path, 'copy/demo/demo.conf'), 'utf8')).toContain('Path=https://in.example/demo/');
  expect((await sysext('verify', 'copy')).exitCode).toBe(0);
  await rm(join(work.path, 'repo'), { recursive: true });
  expect(await sysext('serve', 'repo')).toMatchObject({ exitCode: 53 });
});
