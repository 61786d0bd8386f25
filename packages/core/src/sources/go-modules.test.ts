import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory, zip } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Arch } from '../arch.ts';
import { Cache } from '../cache.ts';
import { type Context, type ContextOptions, createContext } from '../context.ts';
import { parseElf } from '../elf.ts';
import type { SysextError } from '../errors.ts';
import type { GoModulesSource } from './source.ts';
import { lockGoModules } from './go-lock.ts';
import { acquireGoModules } from './go-modules.ts';

const program = { name: 'hello', version: 'v1.2.3', sources: [] };
const source: GoModulesSource = {
  kind: 'goModules',
  commands: { 'example.com/hello/cmd/hello/v2': '/usr/bin/hello' },
  ldflags: ['-X=main.version={version}'],
};
const main = 'package main\n\nvar version string\n\nfunc main() { println(version) }\n';

/** A program of a repository whose `go.mod` replaces another module by a directory. */
const requirements = 'require example.com/part v0.0.0\nreplace example.com/part => ./staging/part\n';
const usesPart = 'package main\n\nimport "example.com/part"\n\nfunc main() { println(part.Name) }\n';

let work: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  work = await temporaryDirectory();
  await publish(main);
});
afterEach(async () => {
  // Go makes its module cache read-only.
  await execa('chmod', ['-R', 'u+w', work.path]);
  await work[Symbol.asyncDispose]();
});

/** A module proxy in a directory, as `go help goproxy` describes it, with one module. */
async function publish(text: string): Promise<void> {
  await publishModule('example.com/hello', 'v1.2.3', { 'cmd/hello/v2/main.go': text });
}

async function publishModule(
  path: string,
  version: string,
  files: Readonly<Record<string, string>>,
  requirements = '',
): Promise<void> {
  const directory = join(work.path, 'proxy', path, '@v');
  await mkdir(directory, { recursive: true });
  const goMod = `module ${path}\n\ngo 1.21\n${requirements}`;
  await writeFile(join(directory, 'list'), `${version}\n`);
  await writeFile(join(directory, `${version}.info`), `{"Version":"${version}","Time":"2024-01-02T03:04:05Z"}`);
  await writeFile(join(directory, `${version}.mod`), goMod);
  const members = Object.entries({ 'go.mod': goMod, ...files }).map(([name, content]) => ({
    path: `${path}@${version}/${name}`,
    content,
  }));
  await writeFile(join(directory, `${version}.zip`), zip(members));
}

function context(caches = 'one', options: ContextOptions = {}): Context {
  return createContext({
    cache: new Cache(join(work.path, caches, 'sysext')),
    env: {
      PATH: process.env['PATH'],
      HOME: join(work.path, caches),
      GOPROXY: `file://${join(work.path, 'proxy')}`,
      GOSUMDB: 'off',
      GOMODCACHE: join(work.path, caches, 'mod'),
    },
    ...options,
  });
}

const lock = async (): Promise<string> => await lockGoModules(context(), source, program, work.path);
const acquire = async (using = context(), arch: Arch = 'x86-64'): ReturnType<typeof acquireGoModules> =>
  await acquireGoModules(using, source, program, arch, work.path);
const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;

const goDirectory = (): string => join(work.path, 'go', 'hello', 'v1.2.3');

describe('Go modules', { timeout: 120_000 }, () => {
  test('are pinned, compiled for any architecture, and kept', async () => {
    const toolchain = await lock();
    expect(await readFile(join(goDirectory(), 'go.mod'), 'utf8')).toContain(`toolchain ${toolchain}\n`);
    for (const [arch, machine] of [
      ['x86-64', 62],
      ['arm64', 183],
    ] as const) {
      const using = context();
      const { members, inputs, tools } = await acquire(using, arch);
      expect(members).toMatchObject([{ type: 'file', path: 'usr/bin/hello', mode: 0o755 }]);
      expect(inputs).toMatchObject([{ kind: 'module', module: 'example.com/hello', version: 'v1.2.3' }]);
      expect(tools).toEqual({ go: toolchain });
      const [member] = members;
      const file = using.cache.blobPath(member?.type === 'file' ? member.sha256 : '');
      expect(await parseElf({ file, sha256: '', size: member?.type === 'file' ? member.size : 0 })).toMatchObject({
        machine,
      });
      // Taken from the cache, it needs neither Go nor a network.
      expect(await acquire(context('one', { env: { PATH: '' }, offline: true }), arch)).toEqual({
        members,
        inputs,
        tools,
      });
    }
  });

  test('give the same bytes with nothing in common but what is pinned', async () => {
    await lock();
    const first = await acquire(context('one'));
    expect((await acquire(context('two'))).members).toEqual(first.members);
  });

  test('of one repository are taken as upstream publishes each', async () => {
    await publishModule('example.com/hello', 'v1.2.3', { 'cmd/hello/v2/main.go': usesPart }, requirements);
    await publishModule('example.com/part', 'v0.2.3', { 'part.go': 'package part\n\nconst Name = "part"\n' });
    await expect(lock()).rejects.toThrow('example.com/part');
    const siblings = { of: 'example.com/hello', version: 'v0.{minor}.{patch}' };
    await lockGoModules(context(), { ...source, siblings }, program, work.path);
    expect(await readFile(join(goDirectory(), 'go.mod'), 'utf8')).toContain(
      'replace example.com/part => example.com/part v0.2.3\n',
    );
    expect((await acquire()).inputs).toEqual([
      expect.objectContaining({ module: 'example.com/hello', version: 'v1.2.3' }),
      expect.objectContaining({ module: 'example.com/part', version: 'v0.2.3' }),
    ]);
  });

  test('are replaced by other ones as upstream does', async () => {
    const replaces = 'require example.com/part v0.1.0\nreplace example.com/part => example.com/fork v0.3.0\n';
    const usesFork = 'package main\n\nimport "example.com/part"\n\nfunc main() { println(part.Forked) }\n';
    await publishModule('example.com/hello', 'v1.2.3', { 'cmd/hello/v2/main.go': usesFork }, replaces);
    await publishModule('example.com/part', 'v0.1.0', { 'part.go': 'package part\n' });
    await publishModule('example.com/fork', 'v0.3.0', { 'part.go': 'package part\n\nconst Forked = "fork"\n' });
    await lock();
    expect(await readFile(join(goDirectory(), 'go.mod'), 'utf8')).toContain(
      'replace example.com/part => example.com/fork v0.3.0\n',
    );
    expect((await acquire()).inputs).toContainEqual(
      expect.objectContaining({ module: 'example.com/fork', version: 'v0.3.0' }),
    );
  });

  test('are replaced as the recipe says, by a fork too', async () => {
    await publishModule('example.com/hello', 'v1.2.3', { 'cmd/hello/v2/main.go': usesPart }, requirements);
    await publishModule('example.com/fork', 'v1.0.0', { 'part.go': 'package part\n\nconst Name = "fork"\n' });
    const replace = { 'example.com/part': 'example.com/fork@v1.0.0' };
    await lockGoModules(context(), { ...source, replace }, program, work.path);
    expect((await acquire()).inputs).toContainEqual(
      expect.objectContaining({ module: 'example.com/fork', version: 'v1.0.0' }),
    );
  });

  test('that changed at the proxy stop the build', async () => {
    await lock();
    await publish(main.replace('println', 'print'));
    expect(await failure(acquire(context('two')))).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('that are not pinned are not built', async () => {
    expect(await failure(acquire())).toMatchObject({ code: 'NOT_LOCKED' });
    await lock();
    await writeFile(join(goDirectory(), 'go.sum'), '');
    expect(await failure(acquire())).toMatchObject({ code: 'NOT_LOCKED' });
    const goMod = await readFile(join(goDirectory(), 'go.mod'), 'utf8');
    await writeFile(join(goDirectory(), 'go.mod'), goMod.replace(/^toolchain.*$/m, ''));
    expect(await failure(acquire())).toMatchObject({
      code: 'NOT_LOCKED',
      message: expect.stringContaining('toolchain'),
    });
  });

  test('out of reach are out of reach, not broken', async () => {
    await lock();
    await rm(join(work.path, 'proxy'), { recursive: true });
    const nowhere = { ...context('two').env, GOPROXY: 'http://127.0.0.1:9' };
    expect(await failure(acquire(context('two', { env: nowhere })))).toMatchObject({ code: 'UNREACHABLE' });
    expect(await failure(acquire(context('two', { offline: true })))).toMatchObject({ code: 'UNREACHABLE' });
  });

  test('that do not compile are quoted', async () => {
    await publish(`${main}\nfunc broken() { undefined() }\n`);
    await lock();
    expect(await failure(acquire())).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('undefined: undefined'),
    });
  });

  test('without Go, the error names it', async () => {
    await lock();
    const error = await failure(acquire(context('two', { env: { PATH: '/nowhere', HOME: work.path } })));
    expect(error).toMatchObject({ code: 'TOOL_MISSING', message: expect.stringContaining('go is not installed') });
  });

  test('named alike are a mistake of the recipe', async () => {
    await lock();
    await appendFile(join(goDirectory(), 'go.mod'), '\n');
    const twice = {
      ...source,
      commands: { 'example.com/a/hello': '/usr/bin/a', 'example.com/b/hello/v2': '/usr/bin/b' },
    };
    const building = acquireGoModules(context(), twice, program, 'x86-64', work.path);
    expect(await failure(building)).toMatchObject({ code: 'RECIPE_INVALID' });
  });
});
