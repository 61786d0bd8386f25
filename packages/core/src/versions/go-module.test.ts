import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cache } from '../cache.ts';
import { type Context, createContext } from '../context.ts';
import { listVersions } from './list.ts';

let work: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => (work = await temporaryDirectory()));
afterEach(async () => {
  await execa('chmod', ['-R', 'u+w', work.path]);
  await work[Symbol.asyncDispose]();
});

const context = (): Context =>
  createContext({
    cache: new Cache(join(work.path, 'cache')),
    env: {
      PATH: process.env['PATH'],
      HOME: work.path,
      GOPROXY: `file://${join(work.path, 'proxy')}`,
      GOSUMDB: 'off',
      GOMODCACHE: join(work.path, 'mod'),
    },
  });

/** A module proxy in a directory, as `go help goproxy` describes it. */
async function publish(versions: readonly string[], goMod = ''): Promise<void> {
  const directory = join(work.path, 'proxy', 'example.com', 'hello', '@v');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'list'), versions.map((version) => `${version}\n`).join(''));
  for (const version of versions) {
    await writeFile(join(directory, `${version}.info`), JSON.stringify({ Version: version }));
    await writeFile(join(directory, `${version}.mod`), `module example.com/hello\n\n${goMod}`);
  }
}

const source = { from: 'go-module', module: 'example.com/hello' } as const;

test('the versions that a module proxy lists, without prereleases and what the author has retracted', async () => {
  await publish(['v1.2.3', 'v1.10.0', 'v1.11.0-rc.1', 'v1.9.0'], 'retract v1.9.0\n');
  const { versions } = await listVersions(context(), { ...source, tag: 'v{version}' });
  expect(versions.map(({ version }) => version)).toEqual(['1.10.0', '1.2.3']);
});

test('what is not there is out of reach, and says so', async () => {
  await expect(listVersions(context(), source)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    hint: expect.stringContaining('GOPROXY'),
  });
});
