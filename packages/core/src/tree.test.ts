import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from './artifact.ts';
import { Cache } from './cache.ts';
import { makePlans } from './plan.ts';
import { type RecipeInput, defineExtension } from './recipe.ts';
import { type Tree, readRange, stage, staticFiles } from './tree.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let cache: Cache;
beforeEach(async () => {
  directory = await temporaryDirectory();
  cache = new Cache(join(directory.path, 'cache'));
});
afterEach(async () => await directory[Symbol.asyncDispose]());

const base: RecipeInput = {
  name: 'demo',
  summary: 'A program for tests',
  homepage: 'https://demo.example/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/demo', take: '/usr/bin/' }] }],
};

/** The tree of a recipe whose program is one text file. */
async function treeOf(change: Partial<RecipeInput> = {}, members?: Artifact['members']): Promise<Tree> {
  const writer = await cache.write();
  await writer.write(Buffer.from('exec /usr/sbin/demo'));
  const blob = await writer.commit();
  const extension = defineExtension(directory.path, { ...base, ...change });
  const [plan] = makePlans(extension, { schema: 1, default: 'v1', versions: { v1: { revision: 0, downloads: {} } } }, [
    'x86-64',
  ]);
  const artifact: Artifact = {
    program: 'demo',
    version: 'v1',
    source: 'release',
    inputs: [],
    tools: {},
    members: members ?? [{ type: 'file', path: 'usr/bin/demo', mode: 0o755, ...blob }],
  };
  return await stage(cache, plan!, [artifact]);
}

async function textOf(tree: Tree, path: string): Promise<string | undefined> {
  const entry = tree.get(path);
  return entry?.type === 'file' ? (await readRange(entry.content, 0, entry.content.size)).toString('utf8') : undefined;
}

describe('stage', () => {
  test('holds the program, the release file, and every directory above, sorted', async () => {
    const tree = await treeOf();
    expect([...tree.keys()]).toEqual([
      'usr',
      'usr/bin',
      'usr/bin/demo',
      'usr/lib',
      'usr/lib/extension-release.d',
      'usr/lib/extension-release.d/extension-release.demo',
    ]);
    expect(await textOf(tree, 'usr/lib/extension-release.d/extension-release.demo')).toBe(
      'ID=flatcar\nSYSEXT_LEVEL=1.0\nARCHITECTURE=x86-64\nSYSEXT_ID=demo\nSYSEXT_VERSION_ID=v1\n',
    );
  });

  test('asks for a reload of the manager where units are, and nowhere else', async () => {
    const release = 'usr/lib/extension-release.d/extension-release.demo';
    expect(await textOf(await treeOf(), release)).not.toContain('RELOAD');
    await mkdir(join(directory.path, 'files/usr/lib/systemd/system'), { recursive: true });
    await writeFile(join(directory.path, 'files/usr/lib/systemd/system/demo.service'), '');
    expect(await textOf(await treeOf(), release)).toContain('EXTENSION_RELOAD_MANAGER=1');
  });

  test('a link leads where it has to for the version, or is not there', async () => {
    const tree = await treeOf({
      links: {
        '/usr/bin/a': [{ target: 'old', when: { before: 'v1' } }, { target: 'new' }],
        '/usr/bin/b': [{ target: 'first', when: { from: 'v1' } }, { target: 'second' }],
        '/usr/bin/c': [{ target: 'later', when: { from: 'v2' } }],
      },
    });
    expect(tree.get('usr/bin/a')).toMatchObject({ type: 'symlink', target: 'new' });
    expect(tree.get('usr/bin/b')).toMatchObject({ type: 'symlink', target: 'first' });
    expect(tree.has('usr/bin/c')).toBe(false);
  });

  test('adds links and texts, and replaces in what came from upstream', async () => {
    const tree = await treeOf({
      links: { '/usr/bin/d': 'demo' },
      texts: { '/usr/share/demo/version': '{version} {bare}\n' },
      substitute: { '/usr/bin/demo': { '/usr/sbin/': '/usr/bin/' } },
    });
    expect(tree.get('usr/bin/d')).toMatchObject({ type: 'symlink', target: 'demo' });
    expect(await textOf(tree, 'usr/share/demo/version')).toBe('v1 1\n');
    expect(await textOf(tree, 'usr/bin/demo')).toBe('exec /usr/bin/demo');
    expect(tree.get('usr/bin/demo')!.mode).toBe(0o755);
  });

  test.each([
    ['two claims on a path', { texts: { '/usr/bin/demo': '' } }, /demo comes from both demo and recipe/],
    ['a file where a directory is', { texts: { '/usr/bin/demo/x': '' } }, /lies below it/],
    ['a replacement that finds nothing', { substitute: { '/usr/bin/demo': { nope: 'x' } } }, /does not contain/],
    ['a replacement in no file', { substitute: { '/usr/bin/other': { a: 'b' } } }, /delivers no file/],
  ])('%s is refused', async (_, change, message) => {
    await expect(treeOf(change)).rejects.toThrow(message);
    await expect(treeOf(change)).rejects.toMatchObject({ code: 'TREE_CONFLICT' });
  });

  test('a path that a source made up is checked again', async () => {
    const member = { type: 'symlink', path: 'usr/../../etc/x', target: 'y' } as const;
    await expect(treeOf({}, [member])).rejects.toMatchObject({ code: 'TREE_CONFLICT' });
  });
});

describe('staticFiles', () => {
  test('only the executable bit of a mode counts', async () => {
    for (const [name, mode] of Object.entries({ a: 0o600, b: 0o700, c: 0o666, d: 0o4711 })) {
      await writeFile(join(directory.path, name), '');
      await chmod(join(directory.path, name), mode);
    }
    const modes = [...(await staticFiles(directory.path))].map(([name, { mode }]) => [name, mode]);
    expect(Object.fromEntries(modes)).toEqual({ a: 0o644, b: 0o755, c: 0o644, d: 0o755 });
  });

  test('links are refused', async () => {
    await symlink('x', join(directory.path, 'link'));
    await expect(staticFiles(directory.path)).rejects.toThrow(/npm packages lose links/);
  });

  test('no directory, no files', async () => {
    expect((await staticFiles(join(directory.path, 'none'))).size).toBe(0);
  });
});
