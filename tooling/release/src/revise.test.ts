import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageStem, readLock } from '@sysext/core';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '..', '..', '..');
const changeset = join(repository, 'node_modules', '.bin', 'changeset');
const revise = join(import.meta.dirname, 'revise.ts');

let workspace: Awaited<ReturnType<typeof temporaryDirectory>>;
let demo: string;

beforeEach(async () => {
  workspace = await temporaryDirectory();
  demo = join(workspace.path, 'packages', 'extensions', 'demo');
  await mkdir(join(demo, 'files', 'usr', 'share'), { recursive: true });
  await mkdir(join(workspace.path, 'node_modules', '@sysext'), { recursive: true });
  await symlink(join(repository, 'packages', 'core'), join(workspace.path, 'node_modules', '@sysext', 'core'));
  await mkdir(join(workspace.path, '.changeset'));
  await cp(join(repository, '.changeset', 'config.json'), join(workspace.path, '.changeset', 'config.json'));
  await writeFile(join(workspace.path, 'pnpm-workspace.yaml'), 'packages: [packages/extensions/*]\n');
  await writeFile(join(workspace.path, 'pnpm-lock.yaml'), "lockfileVersion: '9.0'\n");
  await writeFile(
    join(workspace.path, 'package.json'),
    '{ "name": "root", "private": true, "packageManager": "pnpm@12.21.0" }',
  );
  await writeFile(join(demo, 'package.json'), '{ "name": "@sysext/demo", "version": "0.0.0", "type": "module" }');
  await writeFile(
    join(demo, 'extension.ts'),
    `import { defineExtension } from '@sysext/core';
export default defineExtension(import.meta.dirname, {
  name: 'demo',
  summary: 'A program for tests',
  homepage: 'https://demo.example/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/{version}', take: '/usr/bin/demo' }] }],
});
`,
  );
  await addVersion('v3.5.21');
});
afterEach(async () => await workspace[Symbol.asyncDispose]());

async function addVersion(version: string): Promise<void> {
  const lock = await readLock(demo);
  const versions = { ...lock.versions, [version]: { revision: 0, downloads: {} } };
  await writeFile(join(demo, 'extension.lock.json'), JSON.stringify({ schema: 1, default: version, versions }));
}

/** A release, as `pnpm release:version` makes it; returns the names of the images it stands for. */
async function release(kind: 'patch' | 'minor', why: string): Promise<string[]> {
  await writeFile(join(workspace.path, '.changeset', 'change.md'), `---\n'@sysext/demo': ${kind}\n---\n\n${why}\n`);
  await execa(changeset, ['version'], { cwd: workspace.path });
  await execa(process.execPath, [revise], { cwd: workspace.path });
  const { versions } = await readLock(demo);
  return Object.entries(versions).map(([version, { revision }]) =>
    imageStem({ name: 'demo', version, revision, arch: 'x86-64' }),
  );
}

test(
  'a fix of the package alone reaches hosts as a new revision of the same upstream version',
  { timeout: 30_000 },
  async () => {
    expect(await release('minor', 'First.')).toEqual(['demo-v3.5.21-x86-64']);
    await writeFile(join(demo, 'files', 'usr', 'share', 'fix'), 'the fix');
    expect(await release('patch', 'A fix.')).toEqual(['demo-v3.5.21-1-x86-64']);
    expect(JSON.parse(await readFile(join(demo, 'package.json'), 'utf8'))).toMatchObject({ version: '0.1.1' });
    expect(await release('patch', 'Another.')).toEqual(['demo-v3.5.21-2-x86-64']);
    await addVersion('v3.5.22');
    expect(await release('minor', 'A new upstream version.')).toEqual(['demo-v3.5.22-x86-64', 'demo-v3.5.21-2-x86-64']);
  },
);
