import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, createKey } from '@sysext/core';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';

const packages = join(import.meta.dirname, '..', '..');
const main = join(packages, 'cli', 'sysext.mjs');
let work: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  work = await temporaryDirectory();
  await mkdir(join(work.path, 'node_modules', '@sysext'), { recursive: true });
  for (const name of ['core', 'cli'])
    await symlink(join(packages, name), join(work.path, 'node_modules', '@sysext', name));
  await symlink(join(packages, 'core', 'node_modules', 'zod'), join(work.path, 'node_modules', 'zod'));
  await writeFile(join(work.path, 'package.json'), '{ "type": "module" }');
  await writeRecipe('plain', '');
  await writeRecipe(
    'demo',
    `export const butane = defineButane(extension, {
  parameters: z.strictObject({ name: z.string(), nested: z.strictObject({ text: z.string() }).optional() }),
  example: { name: 'one' },
  provision: ({ name, nested }) => ({ files: [{ path: '/etc/demo', text: name + (nested?.text ?? '') }] }),
});`,
  );
});
afterEach(async () => await work[Symbol.asyncDispose]());

async function writeRecipe(name: string, more: string): Promise<void> {
  const directory = join(work.path, 'packages', 'extensions', name);
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, 'extension.ts'),
    `import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';
const extension = defineExtension(import.meta.dirname, {
  name: '${name}', summary: 'A program for tests', homepage: 'https://demo.example/', licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [{ kind: 'release', downloads: [{ url: 'https://demo.example/x', format: 'raw', take: '/usr/bin/x' }] }],
});
export default extension;
${more}`,
  );
}

const image = { version: 'v1.0.0', arch: 'x86-64', sha256: 'ab'.repeat(32) };

async function params(values: object): Promise<string> {
  const file = join(work.path, 'params.json');
  await writeFile(file, JSON.stringify(values));
  return file;
}

async function sysext(...args: string[]) {
  return await execa(process.execPath, [main, 'butane', ...args], { cwd: work.path, reject: false });
}

interface Document {
  readonly version: string;
  readonly storage: { readonly files: { readonly path: string; readonly contents: Record<string, unknown> }[] };
}

async function documentOf(...args: string[]): Promise<Document> {
  const { stdout, stderr, exitCode } = await sysext(...args);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return parse(stdout) as Document;
}

const file = ({ storage }: Document, path: string) => storage.files.find((each) => each.path === path)?.contents;
const url = ['--base-url', 'https://sysext.example', '--no-verify'];

test('prints a document of what --params and --set say', async () => {
  await writeFile(join(work.path, 'text'), ' and more\n');
  const given = await params({ image, name: 'one' });
  const document = await documentOf(
    'demo',
    ...url,
    '--params',
    given,
    '--set',
    'name=two=2',
    '--set',
    'nested.text=@text',
  );
  expect(document.version).toBe('1.1.0');
  expect(file(document, '/etc/demo')).toEqual({ inline: 'two=2 and more\n' });
  expect(file(document, '/opt/extensions/demo/demo-v1.0.0-x86-64.raw')).toEqual({
    source: 'https://sysext.example/demo/demo-v1.0.0-x86-64.raw',
    verification: { hash: `sha256-${image.sha256}` },
  });
});

test('puts several extensions into one document, of the version that is asked for', async () => {
  const given = await params({ demo: { image, name: 'one' }, plain: { image } });
  const document = await documentOf('demo', 'plain', ...url, '--params', given, '--butane-version', '1.0.0');
  expect(document.version).toBe('1.0.0');
  expect(document.storage.files.filter(({ path }) => path.startsWith('/opt/extensions/'))).toHaveLength(2);
  const stray = await sysext('demo', 'plain', ...url, '--params', given, '--set', 'name=x');
  expect(stray).toMatchObject({ exitCode: 2, stdout: '' });
  expect(stray.stderr).toContain('--set demo.name=…');
});

test('hosts verify with the keyring that is named', async () => {
  const { publicKey } = await createKey(createContext({}), join(work.path, 'key'));
  await writeFile(join(work.path, 'keyring'), publicKey);
  const given = await params({ image });
  const document = await documentOf(
    'plain',
    '--params',
    given,
    '--base-url',
    'http://a.example/',
    '--keyring',
    'keyring',
  );
  expect(file(document, '/etc/systemd/import-pubring.gpg')).toEqual({
    source: `data:;base64,${Buffer.from(publicKey).toString('base64')}`,
  });
  expect(file(document, '/etc/sysupdate.plain.d/plain.conf')).toMatchObject({
    inline: expect.stringContaining('Verify=yes'),
  });
});

test.each([
  [['demo', '--set', 'name'], 2, '--set name is not of the form name=value'],
  [['demo', '--set', '__proto__.x=1'], 2, 'is not of the form name=value'],
  [['demo', '--set', 'name=1', '--set', 'name.x=1'], 2, 'goes into name, which has a value already'],
  [['demo', '--set', 'name=@nowhere'], 2, 'nowhere cannot be read'],
  [['demo', '--params', 'extension'], 2, 'cannot be read'],
  [['plain', 'demo', '--image', 'x.raw'], 2, '--image goes with one extension'],
  [['plain', '--repo', '.'], 2, 'holds no index.json'],
  [['plain'], 4, 'the lock names no default version'],
  [['nothing'], 3, 'there is no extension "nothing" here'],
  [[], 2, "missing required argument 'extension'"],
])('%j ends with a message', async (args, exitCode, message) => {
  const ended = await sysext(...args);
  expect(ended).toMatchObject({ exitCode, stdout: '' });
  expect(ended.stderr).toContain(message);
});

test('says all that is missing, and what to type', async () => {
  const { stderr, exitCode } = await sysext('demo', '--params', await params({ image }));
  expect(exitCode).toBe(42);
  expect(stderr).toBe(`error demo cannot be deployed so:
  baseUrl: is missing
  name: is missing
 hint sysext butane demo --base-url URL --set name=…`);
});
