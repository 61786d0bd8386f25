import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deb, elfImage, FakeArchive, type FakePackage, newArchiveKey } from '@sysext/testing';
import { FakeDebian, loaders, machines } from './testing/fake-debian.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../cache.ts';
import { type Elf, parseElf } from '../../elf.ts';
import type { SysextError } from '../../errors.ts';
import { lockVersion } from '../../lock-version.ts';
import { type LockedVersion, readLock } from '../../lock.ts';
import { type Extension, defineExtension } from '../../recipe.ts';
import { listVersions } from '../../versions/list.ts';
import { acquireDebian } from './debian.ts';

let fake: FakeDebian;
let extension: Extension;

beforeEach(async () => {
  fake = await FakeDebian.start();
  extension = recipe();
  await mkdir(extension.directory);
});
afterEach(async () => await fake[Symbol.asyncDispose]());

function recipe(
  take: Record<string, string> = { 'usr/sbin/demo': '/usr/bin/', 'usr/share/demo/': '/usr/share/demo/' },
) {
  return defineExtension(join(fake.path, 'demo'), {
    name: 'demo',
    summary: 'A program out of Debian',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions: { from: 'debian', suite: 'trixie', package: 'demo' },
    sources: [{ kind: 'debian', suite: 'trixie', packages: ['demo'], take }],
  });
}

const triplets = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;

/** A program, the two libraries it needs, what they need, and a package that is in the way. */
function packages(arch: FakePackage['arch'], version = '1:1.2.3-4+deb13u1', one: object = {}): FakePackage[] {
  const elf = (image: object): Buffer => elfImage({ machine: machines[arch], type: 3, ...image });
  const lib = `usr/lib/${triplets[arch]}`;
  const program = elf({
    interpreter: `/lib64/${loaders[arch]}`,
    needed: ['libone.so.1', 'libc.so.6'],
    spare: 2,
    note: true,
  });
  const make = (name: string, depends: string, members: Parameters<typeof deb>[0], fields = {}): FakePackage => ({
    name,
    version: name === 'demo' ? version : '1-1',
    arch,
    bytes: deb(members),
    fields: { Depends: depends, ...fields },
  });
  return [
    make('demo', 'libone1 (>= 1) | other, adduser, libc6', [
      { path: 'usr/sbin/demo', content: program },
      { path: 'usr/share/demo/a', content: 'a', mode: 0o600 },
      { path: 'usr/share/elsewhere', type: 'SymbolicLink', linkpath: '/etc/alternatives/x' },
    ]),
    make('libone1t64', 'libtwo', [
      { path: `${lib}/libone.so.1.0`, content: elf({ soname: 'libone.so.1', needed: ['libtwo.so.2'], ...one }), mode: 0o644 },
      { path: `${lib}/libone.so.1`, type: 'SymbolicLink', linkpath: 'libone.so.1.0' },
    ], { Provides: 'libone1 (= 1)' }),
    make('libtwo', 'libc6', [{ path: `${lib}/libtwo.so.2`, content: elf({ needed: ['libc.so.6'] }), mode: 0o644 }]),
    make('adduser', 'libc6', [{ path: 'usr/sbin/adduser', content: 'x' }]),
    make('libc6', '', [
      { path: `${lib}/${loaders[arch]}`, content: elf({ soname: loaders[arch] }) },
      { path: `lib64/${loaders[arch]}`, type: 'SymbolicLink', linkpath: `/lib/${triplets[arch]}/${loaders[arch]}` },
      { path: `${lib}/libc.so.6`, content: elf({ needed: [loaders[arch]] }) },
      { path: `${lib}/libm.so.6`, content: elf({}), mode: 0o644 },
    ]),
  ]; // prettier-ignore
}

const publish = async (release?: Record<string, string>): Promise<void> =>
  await fake.archive.publish([...packages('amd64'), ...packages('arm64')], release);
const locked = async (): Promise<LockedVersion> => (await readLock(extension.directory)).versions['1.2.3']!;
const lock = async (using = fake.context()): Promise<LockedVersion> => {
  await lockVersion(using, extension, '1.2.3');
  return await locked();
};
const acquire = async (
  arch: 'x86-64' | 'arm64' = 'x86-64',
  using = fake.context(),
): ReturnType<typeof acquireDebian> => {
  const [source] = extension.sources as [Extract<Extension['sources'][number], { kind: 'debian' }>];
  const program = { name: 'demo', version: '1.2.3', sources: extension.sources };
  return await acquireDebian(using, source, program, arch, (await locked()).debian?.['demo']);
};
const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;

describe('locking', () => {
  test('pins, of the signed index, the package and those with a library it needs', async () => {
    await publish();
    const { debian } = await lock();
    expect(debian!['demo']).toMatchObject({ suite: 'trixie', timestamp: '20261121T091544Z' });
    expect(debian!['demo']!.checked).toMatch(
      /^checked against the indexes of Debian trixie and trixie-security, signed by [0-9a-f]{40}$/,
    );
    for (const [arch, name] of [['x86-64', 'amd64'], ['arm64', 'arm64']] as const) {
      const paths = debian!['demo']!.packages[arch]!.map(({ path }) => path.split('/').at(-1));
      expect(paths).toEqual([
        `demo_1.2.3-4+deb13u1_${name}.deb`,
        `libc6_1-1_${name}.deb`,
        `libone1t64_1-1_${name}.deb`,
        `libtwo_1-1_${name}.deb`,
      ]);
    } // prettier-ignore
  });

  test('takes nothing from an index that no key of the keyring signed', async () => {
    await fake.archive.publish(packages('amd64'), {}, { key: await newArchiveKey() });
    expect(await failure(lock())).toMatchObject({ code: 'SIGNATURE_INVALID' });
    fake.upstream.put('/debian/dists/trixie/InRelease', 'Codename: trixie\n');
    expect(await failure(lock())).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test('takes nothing from an index that was changed', async () => {
    await publish();
    const address = `${fake.upstream.url}/debian/dists/trixie/InRelease`;
    const text = await (await fetch(address)).text();
    fake.upstream.put('/debian/dists/trixie/InRelease', text.replace('21 Nov', '22 Nov'));
    expect(await failure(lock())).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  test.each([{ Codename: 'sid' }, { Date: 'yesterday' }])(
    'takes nothing from the index of another suite: %o',
    async (release) => {
      await publish(release);
      expect(await failure(lock())).toMatchObject({ code: 'UPSTREAM_DISAGREES' });
    },
  );

  test('another version than the one in the suite is refused', async () => {
    await publish();
    const error = await failure(lockVersion(fake.context(), extension, '1.2.4'));
    expect(error).toMatchObject({ code: 'UPSTREAM_DISAGREES' });
    expect(error.message).toContain('Debian trixie has demo 1:1.2.3-4+deb13u1');
  });

  test('a package that is another than the index says is refused', async () => {
    await publish();
    const [demo] = packages('amd64');
    fake.upstream.put(`/debian/${FakeArchive.path(demo!)}`, Buffer.alloc(demo!.bytes.length));
    expect(await failure(lock())).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('a library that is nowhere is named', async () => {
    await fake.archive.publish([...packages('amd64'), ...packages('arm64')].filter(({ name }) => name !== 'libtwo'));
    const error = await failure(lock());
    expect(error).toMatchObject({ code: 'MEMBER_MISSING', message: expect.stringContaining('libtwo.so.2') });
  });

  test('out of reach, it keeps the pins it has', async () => {
    await publish();
    const before = await lock();
    fake.upstream.remove('/debian/dists/trixie/InRelease');
    const warnings: string[] = [];
    await lock(fake.context({ onEvent: (event) => event.type === 'warning' && warnings.push(event.message) }));
    expect(warnings).toEqual([expect.stringContaining('demo 1.2.3 debian: its pins stay as they are')]);
    expect(await locked()).toEqual(before);
  });
});

describe('building', () => {
  test.each([
    ['x86-64', 'amd64'],
    ['arm64', 'arm64'],
  ] as const)('for %s, the program is pointed at its loader and libraries', async (arch, name) => {
    await publish();
    await lock();
    const using = fake.context();
    const { members, inputs } = await acquire(arch, using);
    expect(members.map(({ path }) => path)).toEqual([
      'usr/bin/demo',
      'usr/share/demo/a',
      'usr/lib/demo/ld.so',
      'usr/lib/demo/libone.so.1',
      'usr/lib/demo/libc.so.6',
      'usr/lib/demo/libtwo.so.2',
    ]);
    expect(members.map((member) => (member.type === 'file' ? member.mode : 0))).toEqual([
      0o755, 0o644, 0o755, 0o644, 0o755, 0o644,
    ]);
    const [program] = members;
    const sha256 = program!.type === 'file' ? program!.sha256 : '';
    const bytes = await readFile(using.cache.blobPath(sha256));
    const elf = (await parseElf({ bytes, sha256, size: bytes.length })) as Elf;
    expect(elf).toMatchObject({
      machine: machines[name],
      interpreter: '/usr/lib/demo/ld.so',
      rpath: ['/usr/lib/demo'],
      needed: ['libone.so.1', 'libc.so.6'],
    });
    expect(inputs).toHaveLength(4);
    for (const input of inputs) {
      expect(input).toMatchObject({
        url: expect.stringMatching(/^https:\/\/snapshot\.debian\.org\/archive\/debian\/20261122T091544Z\/pool\//),
      });
    }
    expect(await acquire(arch, fake.context({ offline: true, env: { PATH: '' } }))).toEqual({
      members,
      inputs,
      tools: {},
    });
  });

  test('a library with a library path of its own is pointed at the others', async () => {
    const one = { runpath: '$ORIGIN/../lib', note: true };
    await fake.archive.publish([...packages('amd64', undefined, one), ...packages('arm64', undefined, one)]);
    await lock();
    const using = fake.context();
    const { members } = await acquire('x86-64', using);
    const library = members.find(({ path }) => path === 'usr/lib/demo/libone.so.1');
    const sha256 = library?.type === 'file' ? library.sha256 : '';
    const bytes = await readFile(using.cache.blobPath(sha256));
    expect(await parseElf({ bytes, sha256, size: bytes.length })).toMatchObject({
      rpath: ['/usr/lib/demo'],
      runpath: [],
      needed: ['libtwo.so.2'],
    });
  });

  test('what the mirror has no more comes from the snapshot archive', async () => {
    await publish();
    await lock();
    const [demo] = packages('amd64');
    const path = FakeArchive.path(demo!);
    fake.upstream.remove(`/debian/${path}`);
    fake.upstream.put(`/snapshot/archive/debian/20261122T091544Z/${path}`, demo!.bytes);
    const fresh = fake.context({ cache: new Cache(join(fake.path, 'other')) });
    expect((await acquire('x86-64', fresh)).members).toHaveLength(6);
  });

  test('bytes that are not the locked ones stop it, whatever the snapshot archive has', async () => {
    await publish();
    await lock();
    const [demo] = packages('amd64');
    const path = FakeArchive.path(demo!);
    fake.upstream.put(`/debian/${path}`, Buffer.alloc(demo!.bytes.length));
    fake.upstream.put(`/snapshot/archive/debian/20261122T091544Z/${path}`, demo!.bytes);
    const fresh = fake.context({ cache: new Cache(join(fake.path, 'other')) });
    expect(await failure(acquire('x86-64', fresh))).toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('without pins there is none', async () => {
    await publish();
    const [source] = extension.sources as [Extract<Extension['sources'][number], { kind: 'debian' }>];
    const program = { name: 'demo', version: '1.2.3', sources: [] };
    const pins = (await lock()).debian!['demo']!;
    for (const wrong of [undefined, { ...pins, suite: 'sid' }, { ...pins, packages: {} }])
      expect(await failure(acquireDebian(fake.context(), source, program, 'arm64', wrong))).toMatchObject({
        code: 'NOT_LOCKED',
      });
  });

  test('what the recipe takes and no package has is named', async () => {
    await publish();
    extension = recipe({ 'usr/bin/demo': '/usr/bin/' });
    expect(await failure(lock())).toMatchObject({
      code: 'MEMBER_MISSING',
      message: expect.stringContaining('usr/bin/demo'),
    });
  });

  test.each([
    ['no ar archive', Buffer.from('MZ')],
    ['cut off', deb([{ path: 'usr/sbin/demo', content: 'x' }]).subarray(0, 150)],
  ])('a package that is %s is refused', async (_, bytes) => {
    const broken = packages('amd64').map((each) => (each.name === 'demo' ? { ...each, bytes } : each));
    await fake.archive.publish([...broken, ...packages('arm64')]);
    expect(await failure(lock())).toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  test('a package with a file outside is refused', async () => {
    const bytes = deb([{ path: '../../etc/passwd', content: 'x' }]);
    const broken = packages('amd64').map((each) => (each.name === 'demo' ? { ...each, bytes } : each));
    await fake.archive.publish([...broken, ...packages('arm64')]);
    expect(await failure(lock())).toMatchObject({ code: 'ARCHIVE_UNSAFE' });
  });
});

describe('versions', () => {
  test('are the one that the suite has', async () => {
    await publish();
    expect(await listVersions(fake.context(), { from: 'debian', suite: 'trixie', package: 'demo' })).toMatchObject({
      versions: [{ version: '1.2.3' }],
    });
  });

  test('are none when the architectures differ, or there is no such package', async () => {
    await fake.archive.publish([...packages('amd64'), ...packages('arm64', '1.2.2-1')]);
    for (const name of ['demo', 'other'])
      expect(await listVersions(fake.context(), { from: 'debian', suite: 'trixie', package: name })).toMatchObject({
        versions: [],
      });
  });
});
