import { noise, temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { SysextError } from '../errors.ts';
import { writeLock } from '../lock.ts';
import { type RecipeInput, defineExtension } from '../recipe.ts';
import { startWorkshop } from '../repository/testing/repository.ts';
import { defineButane } from './define.ts';

const demo = (more: Partial<RecipeInput> = {}) =>
  defineExtension('/nowhere', {
    name: 'demo',
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions: { from: 'github-releases', repo: 'demo/demo' },
    sources: [{ kind: 'goModules', commands: { 'demo.example/demo': '/usr/bin/demo' } }],
    ...more,
  });

const common = {
  baseUrl: 'https://sysext.example/',
  image: { version: 'v1.2.3-1', arch: 'x86-64', sha256: 'ab'.repeat(32) },
  verify: false,
} as const;

const problemsOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const error = await promise.then(
    () => expect.unreachable(),
    (reason: unknown) => reason as SysextError,
  );
  expect(error).toBeInstanceOf(SysextError);
  expect(error.code).toBe('PARAMETERS_INVALID');
  return (error.data as { problems: unknown }).problems;
};

test('any extension comes with its image, its link and what keeps it current', async () => {
  const { content, component } = await defineButane(demo())(common);
  expect(component).toBe('demo');
  expect(content.files.map(({ path }) => path)).toEqual([
    '/opt/extensions/demo/demo-v1.2.3-1-x86-64.raw',
    '/etc/sysupdate.demo.d/demo.transfer',
    '/etc/sysupdate.demo.d/demo.conf',
    '/opt/bin/sysext-update',
    '/etc/systemd/system/sysext-update@.service',
    '/etc/systemd/system/sysext-update@.timer',
    '/etc/sysext-update/demo.env',
  ]);
  expect(content.files[0]).toMatchObject({
    url: 'https://sysext.example/demo/demo-v1.2.3-1-x86-64.raw',
    sha256: common.image.sha256,
  });
  expect(content.links).toEqual([
    { path: '/etc/extensions/demo.raw', target: '/opt/extensions/demo/demo-v1.2.3-1-x86-64.raw' },
    {
      path: '/etc/systemd/system/timers.target.wants/sysext-update@demo.timer',
      target: '/etc/systemd/system/sysext-update@.timer',
    },
  ]);
});

test('without updates, with its image and its link alone', async () => {
  const { content } = await defineButane(demo())({ ...common, update: false });
  expect(content.files).toHaveLength(1);
  expect(content.links).toHaveLength(1);
});

test('of a series, it follows that', async () => {
  const butane = defineButane(demo({ series: String.raw`^v(\d+\.\d+)\.` }));
  const { content, component } = await butane({ ...common, series: '1.2' });
  expect(component).toBe('demo-1.2');
  expect(content.files[1]).toMatchObject({
    path: '/etc/sysupdate.demo-1.2.d/demo-1.2.transfer',
    text: expect.stringContaining('MatchPattern=demo-v1.2.@v-%a.raw.xz demo-v1.2.@v-%a.raw\n'),
  });
  expect(await problemsOf(butane({ ...common, series: '1.3' }))).toEqual([
    'series: the image v1.2.3-1 is of the series 1.2',
  ]);
  expect(await problemsOf(defineButane(demo())({ ...common, series: '1.2' }))).toEqual(['series: demo has none']);
});

test("images of Flatcar's own that it conflicts with are left out of the merge", async () => {
  const { content } = await defineButane(demo({ conflicts: ['docker-flatcar', 'other'] }))(common);
  expect(content.links).toContainEqual({
    path: '/etc/extensions/docker-flatcar.raw',
    target: '/dev/null',
    overwrite: true,
  });
});

test('units that start at boot are linked to, the instances of templates too', async () => {
  const butane = defineButane(demo(), {
    parameters: z.strictObject({ unused: z.string().optional() }),
    example: {},
    provision: () => ({ start: ['demo.socket', 'demo@one.service'] }),
  });
  expect((await butane({ ...common, update: false })).content.links.slice(1)).toEqual([
    { path: '/etc/systemd/system/sockets.target.wants/demo.socket', target: '/usr/lib/systemd/system/demo.socket' },
    {
      path: '/etc/systemd/system/multi-user.target.wants/demo@one.service',
      target: '/usr/lib/systemd/system/demo@.service',
    },
  ]);
});

test('all problems are told at once, the common ones and its own, with what to type', async () => {
  const butane = defineButane(demo(), {
    parameters: z.strictObject({ name: z.string(), size: z.coerce.number().optional() }),
    example: { name: 'a' },
    provision: () => ({}),
  });
  const wrong = { image: { ...common.image, sha256: 'x' }, size: 'much', unknown: 1, verify: 'no' };
  const error = await butane(wrong as never).then(
    () => expect.unreachable(),
    (reason: unknown) => reason as SysextError,
  );
  expect(error).toMatchObject({
    code: 'PARAMETERS_INVALID',
    data: {
      problems: [
        'baseUrl: is missing',
        'image.sha256: 64 lower-case hexadecimal digits',
        expect.stringMatching(/^verify: Invalid input: expected boolean/),
        'name: is missing',
        expect.stringMatching(/^size: Invalid input/),
        'parameters: Unrecognized key: "unknown"',
      ],
    },
  });
  expect(error.hint).toBe('sysext butane demo --base-url URL --repo DIR --no-verify --set name=… --set size=…');
});

test('a host that is to verify needs a keyring of public keys, in binary form', async () => {
  const butane = defineButane(demo());
  const { verify: _, ...signed } = common;
  await using workshop = await startWorkshop();
  expect(await problemsOf(butane(signed))).toEqual([expect.stringMatching(/^keyring: is missing/)]);
  expect(await problemsOf(butane({ ...signed, keyring: Buffer.from('-----BEGIN PGP PUBLIC KEY BLOCK-----') }))).toEqual(
    [expect.stringMatching(/^keyring: .*armored/)],
  );
  expect(await problemsOf(butane({ ...signed, keyring: noise(100) }))).toEqual([expect.stringMatching(/^keyring: /)]);
  expect(await problemsOf(butane({ ...common, keyring: workshop.signer.publicKey }))).toHaveLength(1);
  const { content } = await butane({ ...signed, keyring: workshop.signer.publicKey });
  expect(content.files).toContainEqual({ path: '/etc/systemd/import-pubring.gpg', bytes: workshop.signer.publicKey });
});

test('which versions of others it works with is told from the lock', async () => {
  await using directory = await temporaryDirectory();
  const extension = {
    ...demo({
      companions: { part: { versions: demo().versions, sources: demo().sources } },
      requiresVersion: { host: { from: 'v1.7.0' }, runtime: { exactly: '{part}' } },
    }),
    directory: directory.path,
  };
  await expect(defineButane(extension)(common)).rejects.toMatchObject({ code: 'UNKNOWN_VERSION' });
  const locked = { revision: 1, companions: { part: '0.4.0' }, downloads: {} };
  await writeLock(directory.path, { schema: 1, versions: { 'v1.2.3': locked } });
  const { version, requiresVersion } = await defineButane(extension)(common);
  expect(version).toBe('v1.2.3-1');
  expect(requiresVersion).toEqual({ host: { from: 'v1.7.0' }, runtime: { exactly: '0.4.0' } });
});
