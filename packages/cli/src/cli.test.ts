import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FakeUpstream, gzip, noise, startUpstream, tar, temporaryDirectory, tinyElf } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const packages = join(import.meta.dirname, '..', '..');
const main = join(packages, 'cli', 'sysext.mjs');
const archive = gzip(tar([{ path: 'demo', content: Buffer.concat([tinyElf('x86-64'), noise(3_000_000)]) }]));

let upstream: FakeUpstream;
let work: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  upstream = await startUpstream();
  work = await temporaryDirectory();
  // A project of somebody else's, with the packages installed.
  await mkdir(join(work.path, 'node_modules', '@sysext'), { recursive: true });
  for (const name of ['core', 'cli'])
    await symlink(join(packages, name), join(work.path, 'node_modules', '@sysext', name));
  await writeFile(join(work.path, 'package.json'), '{ "type": "module" }');
  const url = 'https://demo.example/{version}.tar.gz';
  await writeRecipe('demo', `[{ kind: 'release', downloads: [{ url: '${url}', take: { demo: '/usr/bin/' } }] }]`);
  upstream.put('/v1.0.0.tar.gz', archive);
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

async function writeRecipe(name: string, sources: string, more = ''): Promise<void> {
  const directory = join(work.path, 'packages', 'extensions', name);
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, 'package.json'),
    `{ "name": "@sysext/${name}", "version": "1.0.0", "type": "module" }`,
  );
  await writeFile(
    join(directory, 'extension.ts'),
    `import { defineExtension } from '@sysext/core';
export default defineExtension(import.meta.dirname, {
  name: '${name}', summary: 'A program for tests', homepage: 'https://demo.example/', licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' }, sources: ${sources}, ${more}
});`,
  );
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const downloads = { 'https://demo.example/v1.0.0.tar.gz': { sha256, checked: 'test' } };
  await writeFile(
    join(directory, 'extension.lock.json'),
    JSON.stringify({ schema: 1, default: 'v1.0.0', versions: { 'v1.0.0': { revision: 0, downloads } } }),
  );
}

const environment = (): Record<string, string> => ({
  PATH: process.env['PATH']!,
  HOME: work.path,
  SYSEXT_CACHE: join(work.path, 'cache'),
  SYSEXT_MIRRORS: `https://demo.example/=${upstream.url}/ https://api.github.com/=${upstream.url}/api/`,
});

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
}

async function sysext(...args: string[]): Promise<Ended> {
  return await execa(process.execPath, [main, ...args], {
    cwd: work.path,
    env: environment(),
    extendEnv: false,
    reject: false,
  });
}

const image = (): string => join(work.path, 'packages/extensions/demo/dist/demo-v1.0.0-x86-64.raw');

describe('sysext build', () => {
  test('prints the path of the image, and nothing else, on standard output', async () => {
    const { stdout, stderr, exitCode } = await sysext('build', 'demo', '--arch', 'x86-64');
    expect({ stdout, exitCode }).toEqual({ stdout: image(), exitCode: 0 });
    expect(stderr).toContain('compressed demo v1.0.0 x86-64');
    expect((await stat(image())).size).toBeGreaterThan(100_000);
  });

  test('takes the options that the scripts before it took', async () => {
    const { stdout } = await sysext('build', 'demo', '-v', 'v1.0.0', '-a', 'x86-64', '-o', 'out');
    expect(stdout).toBe(join('out', 'demo-v1.0.0-x86-64.raw'));
    expect(await readdir(join(work.path, 'out'))).toHaveLength(2);
  });

  test('--json: the result as one document', async () => {
    const { stdout } = await sysext('build', 'demo', '-a', 'x86-64', '--profile', 'fast', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { image: image(), profile: 'fast', format: 'squashfs', programs: { demo: { source: 'release' } } },
    ]);
  });

  test('Ctrl-C: no output, no stray process, status 130', async () => {
    const running = execa(process.execPath, [main, 'build', 'demo', '-a', 'x86-64', '--profile', 'release'], {
      cwd: work.path,
      env: environment(),
      extendEnv: false,
      reject: false,
    });
    for await (const line of running.iterable({ from: 'stderr' })) {
      if (line.startsWith('compressing')) running.kill('SIGINT');
    }
    expect(await running).toMatchObject({ exitCode: 130, stdout: '' });
    expect(await readdir(join(work.path, 'packages/extensions/demo/dist'))).toEqual([]);
    const { stdout: processes } = await execa('ps', ['-eo', 'args']);
    expect(processes).not.toContain(work.path);
  });

  test('an error says what, and what to type next', async () => {
    const { stdout, stderr, exitCode } = await sysext('build', 'demo', '-v', 'v2.0.0');
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 4 });
    expect(stderr).toContain('version "v2.0.0" is not locked');
    expect(stderr).toContain('hint sysext lock demo v2.0.0');
  });

  test('--json: the error as one document on standard error', async () => {
    const { stdout, stderr } = await sysext('build', 'demo', '-v', 'v2.0.0', '--json');
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'UNKNOWN_VERSION', exitCode: 4 } });
  });

  test('out of reach: within seconds, naming the address', async () => {
    await upstream[Symbol.asyncDispose]();
    const started = Date.now();
    const { stderr, exitCode } = await sysext('build', 'demo', '-a', 'x86-64');
    expect(exitCode).toBe(10);
    expect(stderr).toContain('https://demo.example/v1.0.0.tar.gz: connection refused');
    expect(Date.now() - started).toBeLessThan(5000);
  });

  test.each([
    ['a name that is no recipe', ['build', 'nope'], 3, /no extension "nope".*there are: demo/s],
    ['a name that is no name', ['build', '$(id)'], 8, /no name of an extension/],
    ['a directory without a recipe', ['build', './nope'], 3, /holds no extension\.ts/],
    ['an unknown command', ['bild'], 2, /Did you mean build/],
    ['an unknown option', ['build', 'demo', '--profil', 'x'], 2, /Did you mean --profile/],
    ['an unknown architecture', ['build', 'demo', '-a', 'amd64'], 2, /x86-64, arm64, all/],
    ['no extension', ['build'], 2, /missing required argument/],
    ['a mirror that is none', ['build', 'demo', '--mirror', 'x'], 2, /FROM=TO/],
    ['nothing at all', [], 2, /Usage/],
  ])('%s', async (_, args, status, message) => {
    const { stdout, stderr, exitCode } = await sysext(...args);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: status });
    expect(stderr).toMatch(message);
  });

  test('a recipe with an unknown field', async () => {
    await writeRecipe(
      'odd',
      "[{ kind: 'release', downloads: [{ url: 'https://a.example/', take: '/usr/bin/x' }] }]",
      "colour: 'red'",
    );
    const { stderr, exitCode } = await sysext('build', 'odd');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('"colour"');
  });

  test('a recipe that is no module', async () => {
    await writeFile(join(work.path, 'packages/extensions/demo/extension.ts'), 'export default {');
    expect(await sysext('build', 'demo')).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('extension.ts'),
    });
  });
});

describe('results', () => {
  test('lint, inspect and diff work on what build made', async () => {
    await sysext('build', 'demo', '-a', 'x86-64');
    expect(await sysext('lint', image())).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('0 errors') });
    expect(await sysext('lint', 'demo', '-a', 'x86-64')).toMatchObject({ exitCode: 0 });
    const inspected = JSON.parse((await sysext('inspect', '--json', image())).stdout) as { programs: object[] };
    expect(inspected.programs).toMatchObject([{ path: 'usr/bin/demo', machine: 'x86-64', isStatic: true }]);
    expect((await sysext('inspect', image())).stdout).toContain('ARCHITECTURE');
    expect(await sysext('diff', image(), image())).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('identical'),
    });
    await sysext('build', 'demo', '-a', 'x86-64', '--os', '_any', '-o', 'other');
    const other = join(work.path, 'other', 'demo-v1.0.0-x86-64.raw');
    expect(await sysext('diff', image(), other)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('flatcar → _any'),
    });
  });

  test('what the recipe allows is no error in the image either, as long as its record lies beside it', async () => {
    await mkdir(join(work.path, 'packages/extensions/demo/files/usr/bin'), { recursive: true });
    await writeFile(join(work.path, 'packages/extensions/demo/files/usr/bin/etcdctl'), '#!/bin/sh\n', { mode: 0o755 });
    const recipe = join(work.path, 'packages/extensions/demo/extension.ts');
    const allow = "allow: [{ rule: 'host-file', path: '/usr/bin/etcdctl', why: 'it is what this is for' }],";
    await writeFile(recipe, (await readFile(recipe, 'utf8')).replace("licence: 'MIT',", `licence: 'MIT', ${allow}`));
    await sysext('build', 'demo', '-a', 'x86-64');
    expect(await sysext('lint', image())).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('it is what this is for'),
    });
    await rm(image().replace('.raw', '.json'));
    expect(await sysext('lint', image())).toMatchObject({ exitCode: 40 });
  });

  test('a directory tree is linted, and its errors are the exit status', async () => {
    await mkdir(join(work.path, 'tree/usr/sbin'), { recursive: true });
    expect(await sysext('lint', './tree', '--name', 'demo')).toMatchObject({
      exitCode: 40,
      stdout: expect.stringContaining('usr-sbin'),
    });
  });

  test('lint --all compares the lists of paths that are checked in', async () => {
    const extensions = join(work.path, 'packages/extensions');
    const list = (path: string): Promise<void> => writeFile(path, '0755 0:0 /usr/bin/\n0755 0:0 /usr/bin/demo\n');
    await mkdir(join(extensions, 'demo/test/golden'), { recursive: true });
    await list(join(extensions, 'demo/test/golden/tree.txt'));
    expect(await sysext('lint', '--all')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('together') });

    await cp(join(extensions, 'demo'), join(extensions, 'other'), { recursive: true });
    const recipe = join(extensions, 'other/extension.ts');
    await writeFile(recipe, (await readFile(recipe, 'utf8')).replace("name: 'demo'", "name: 'other'"));
    expect(await sysext('lint', '--all')).toMatchObject({
      exitCode: 40,
      stdout: expect.stringMatching(/shared-path.* \/usr\/bin\/demo[^]*demo and other have it/),
    });
    await rm(join(extensions, 'other/test'), { recursive: true });
    expect(await sysext('lint', '--all')).toMatchObject({ exitCode: 53, stderr: expect.stringContaining('tree.txt') });
    expect(await sysext('lint')).toMatchObject({ exitCode: 2 });
    expect(await sysext('lint', '--all', 'demo')).toMatchObject({ exitCode: 2 });
  });

  test('a reader that has seen enough is no error', async () => {
    const running = execa(process.execPath, [main, 'list'], {
      cwd: work.path,
      env: environment(),
      extendEnv: false,
      reject: false,
      buffer: false,
    });
    let stderr = '';
    running.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    running.stdout.destroy();
    expect((await running).exitCode).toBe(0);
    expect(stderr).toBe('');
  });

  test('a file that is no image', async () => {
    await writeFile(join(work.path, 'x.raw'), 'no image');
    for (const command of ['lint', 'inspect'])
      expect(await sysext(command, 'x.raw')).toMatchObject({ exitCode: 41, stdout: '' });
  });

  test('list shows what can be built from here', async () => {
    expect((await sysext('list')).stdout).toMatch(/demo +v1\.0\.0 +1 +A program for tests/);
    expect(JSON.parse((await sysext('list', '--json')).stdout)).toMatchObject([{ name: 'demo', versions: ['v1.0.0'] }]);
  });

  /** Releases of demo/demo on the fake GitHub. */
  const release = (...tags: string[]): string =>
    upstream.put(
      '/api/repos/demo/demo/releases?per_page=100',
      JSON.stringify(
        tags.map((tag) => ({
          tag_name: tag,
          draft: false,
          prerelease: false,
          published_at: '2025-01-02T00:00:00Z',
          assets: [],
        })),
      ),
    );

  test('versions lists what upstream has, and what is locked', async () => {
    release('v1.0.0', 'v1.1.0', '$(id)');
    const { stdout, stderr } = await sysext('versions', 'demo');
    expect(stdout.split('\n')).toEqual(['v1.1.0  2025-01-02', 'v1.0.0  2025-01-02  locked, default']);
    expect(stderr).toContain('no publishable versions: "$(id)"');
  });

  test('outdated lists what the locks lack; one upstream that fails is told, and is the exit status', async () => {
    release('v1.0.0');
    expect(await sysext('outdated')).toMatchObject({ exitCode: 0, stdout: 'the newest of 1 program is locked' });
    release('v1.1.0', 'v1.0.0', '$(id)', '../x');
    const found = await sysext('outdated', 'demo');
    expect(found.stdout).toBe(
      'EXTENSION  PROGRAM  SERIES  LOCKED  NEWEST  RELEASED    BESIDE\ndemo       demo             v1.0.0  v1.1.0  2025-01-02',
    );
    expect(found).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('"$(id)", "../x"') });

    await writeRecipe('other', "[{ kind: 'release', downloads: [{ url: 'https://a.example/', take: '/usr/bin/x' }] }]");
    const recipe = join(work.path, 'packages/extensions/other/extension.ts');
    await writeFile(recipe, (await readFile(recipe, 'utf8')).replace('demo/demo', 'demo/gone'));
    const partly = await sysext('outdated', '--json');
    expect(partly.exitCode).toBe(17);
    expect(partly.stderr).toContain('warning other: https://api.github.com/repos/demo/gone/');
    expect(JSON.parse(partly.stdout)).toMatchObject({
      programs: 2,
      outdated: [{ extension: 'demo', program: 'demo', locked: 'v1.0.0', newest: 'v1.1.0' }],
      failures: [{ extension: 'other', program: 'other', code: 'HTTP_STATUS' }],
      refused: [{ extension: 'demo', names: ['$(id)', '../x'] }],
    });
    expect(await sysext('outdated', '--offline')).toMatchObject({ exitCode: 15, stdout: '' });
  });

  test(
    'update learns what is newer, whole; with --all, one that fails is told and stops no other',
    { timeout: 60_000 },
    async () => {
      release('v1.1.0', 'v1.0.0');
      const lock = join(work.path, 'packages/extensions/demo/extension.lock.json');
      expect(await sysext('update', 'demo')).toMatchObject({ exitCode: 11, stdout: '' });
      upstream.put('/v1.1.0.tar.gz', archive);
      await mkdir(join(work.path, '.changeset'));
      await writeFile(join(work.path, '.changeset/config.json'), '{}');
      expect((await sysext('update', 'demo', '--dry-run')).stdout).toContain('would write .changeset/demo-v1.1.0.md');
      expect(await readFile(lock, 'utf8')).not.toContain('v1.1.0');
      expect(await readdir(join(work.path, '.changeset'))).toEqual(['config.json']);

      await writeRecipe(
        'other',
        "[{ kind: 'release', downloads: [{ url: 'https://a.example/', take: '/usr/bin/x' }] }]",
      );
      const recipe = join(work.path, 'packages/extensions/other/extension.ts');
      await writeFile(recipe, (await readFile(recipe, 'utf8')).replace('demo/demo', 'demo/gone'));
      const all = await sysext('update', '--all');
      expect(all).toMatchObject({ exitCode: 17, stderr: expect.stringContaining('warning other: ') });
      expect(all.stdout).toMatch(/^demo v1\.0\.0 → v1\.1\.0, the default\n[^]*wrote .*extension\.lock\.json$/);
      expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ default: 'v1.1.0' });
      expect(await readdir(join(work.path, '.changeset'))).toEqual(['config.json', 'demo-v1.1.0.md']);

      expect(await sysext('update', 'demo')).toMatchObject({ exitCode: 0, stdout: 'demo: nothing to update' });
      expect(await sysext('update')).toMatchObject({ exitCode: 2 });
      expect(await sysext('update', 'demo', '--all')).toMatchObject({ exitCode: 2 });
      expect(await sysext('update', 'demo', '../x')).toMatchObject({ exitCode: 8 });
    },
  );

  test('transfer prints what hosts follow the extension by', async () => {
    const { stdout } = await sysext('transfer', 'demo', '--url', 'https://sysext.example/');
    expect(stdout).toContain('MatchPattern=demo-@v-%a.raw.xz demo-@v-%a.raw\n');
    expect((await sysext('transfer', 'demo', '--url', 'https://a.example/', '--no-verify')).stdout).toContain(
      'Verify=no',
    );
    expect(await sysext('transfer', 'demo', '--url', 'sysext.example')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await sysext('transfer', 'demo', '--url', 'https://a.example/', '--series', '1')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no series "1"'),
    });
  });

  test('new writes a package that lists, and refuses to build before it is locked', async () => {
    expect((await sysext('new', 'other', '--repo', 'o/other')).stdout).toContain('sysext lock other <version>');
    expect(JSON.parse((await sysext('list', '--json')).stdout)).toHaveLength(2);
    expect(await sysext('build', 'other')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('sysext versions other'),
    });
    expect(await sysext('new', 'other')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('already there'),
    });
    expect(await sysext('new', 'Bad_Name')).toMatchObject({ exitCode: 8 });
  });
});

describe('help', () => {
  test('is instant and has examples for every command', async () => {
    const { stdout } = await sysext('--help');
    const commands = [...stdout.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name!);
    expect(commands).toEqual(
      expect.arrayContaining(['build', 'list', 'versions', 'lock', 'lint', 'inspect', 'diff', 'new']),
    );
    for (const command of commands)
      expect((await sysext(command, '--help')).stdout).toContain(`Examples:\n  sysext ${command}`);
  });

  test('--version is the version of the command', async () => {
    const { version } = JSON.parse(await readFile(join(packages, 'cli', 'package.json'), 'utf8')) as {
      version: string;
    };
    expect((await sysext('--version')).stdout).toBe(version);
  });
});

test('no colours where nobody sees them, or wants them', async () => {
  // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
  expect((await sysext('build', 'nope')).stderr).not.toMatch(/\u001b/);
});
