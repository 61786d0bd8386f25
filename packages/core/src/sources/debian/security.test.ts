import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { deb, elfImage, type FakePackage, newArchiveKey } from '@sysext/testing';
import { FakeDebian, loaders, machines } from './testing/fake-debian.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cache } from '../../cache.ts';
import type { Context } from '../../context.ts';
import { lockVersion } from '../../lock-version.ts';
import { type DebianPin, type LockedVersion, readLock } from '../../lock.ts';
import { type Extension, defineExtension } from '../../recipe.ts';
import { listVersions } from '../../versions/list.ts';
import { findOutdated } from '../../versions/outdated.ts';
import { acquireDebian } from './debian.ts';

let fake: FakeDebian;
let extension: Extension;
beforeEach(async () => {
  fake = await FakeDebian.start();
  extension = recipe('trixie');
  await mkdir(extension.directory);
});
afterEach(async () => await fake[Symbol.asyncDispose]());

function recipe(suite: string): Extension {
  return defineExtension(join(fake.path, 'demo'), {
    name: 'demo',
    summary: 'A program out of Debian',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    versions: { from: 'debian', suite, package: 'demo' },
    sources: [{ kind: 'debian', suite, packages: ['demo'], take: { 'usr/sbin/demo': '/usr/bin/' } }],
  });
}

/** A package for both architectures: the program, or what has the loader. */
function made(name: 'demo' | 'libc6' | 'libc7', version: string, fields: Record<string, string> = {}): FakePackage[] {
  return (['amd64', 'arm64'] as const).map((arch) => {
    const loader = loaders[arch];
    const image = { interpreter: `/lib64/${loader}`, needed: [loader], spare: 2, note: true };
    const content = elfImage({ machine: machines[arch], type: 3, ...(name === 'demo' ? image : {}) });
    const copyright = { path: 'usr/share/doc/version', content: version };
    const bytes = deb([{ path: name === 'demo' ? 'usr/sbin/demo' : `lib64/${loader}`, content }, copyright]);
    return { name, version, arch, bytes, fields: { ...(name === 'demo' ? { Depends: 'libc6' } : {}), ...fields } };
  });
}

const main = [...made('demo', '1.2.3-4'), ...made('libc6', '2.41-12+deb13u5')];
const fixed = made('libc6', '2.41-12+deb13u10');

async function lock(using = fake.context(), of = extension): Promise<LockedVersion> {
  await lockVersion(using, of, '1.2.3');
  return (await readLock(of.directory)).versions['1.2.3']!;
}

const pinsOf = ({ debian }: LockedVersion): DebianPin[] => debian!['demo']!.packages['x86-64']!;

/** Packages of a lock by their place in the pool, and what says that they are in the security archive. */
const placesOf = (locked: LockedVersion): [string, string | undefined][] =>
  pinsOf(locked).map(({ path, security }) => [path, security]);

const demo = 'pool/main/demo/demo_1.2.3-4_amd64.deb';
const main6 = 'pool/main/libc6/libc6_2.41-12+deb13u5_amd64.deb';
const fixed6 = 'pool/updates/main/libc6/libc6_2.41-12+deb13u10_amd64.deb';
const stamp = '20261125T022231Z';
const inRelease = '/debian-security/dists/trixie-security/InRelease';

async function build(using: Context) {
  const [source] = extension.sources as [Extract<Extension['sources'][number], { kind: 'debian' }>];
  const { debian } = (await readLock(extension.directory)).versions['1.2.3']!;
  return await acquireDebian(using, source, { name: 'demo', version: '1.2.3', sources: [] }, 'x86-64', debian!['demo']);
}
const elsewhere = (): Context => fake.context({ cache: new Cache(join(fake.path, 'other')) });

describe('a security fix', () => {
  beforeEach(async () => await fake.archive.publish(main));

  test('is pinned, with its archive, and is a new revision of what was pinned before', async () => {
    expect(placesOf(await lock())).toEqual([
      [demo, undefined],
      [main6, undefined],
    ]);
    await fake.archive.publishFixes(fixed);
    expect((await findOutdated(fake.context(), [extension])).revised).toMatchObject([
      { packages: [{ name: 'libc6', from: '2.41-12+deb13u5', to: '2.41-12+deb13u10' }] },
    ]);
    const locked = await lock();
    expect(placesOf(locked)).toEqual([
      [demo, undefined],
      [fixed6, stamp],
    ]);
    expect(locked.debian!['demo']).toMatchObject({ suite: 'trixie', timestamp: '20261121T091544Z' });
    expect((await findOutdated(fake.context(), [extension])).revised).toEqual([]);
  });

  test('is built with, from its own archive', async () => {
    await fake.archive.publishFixes(fixed);
    await lock();
    const { inputs, members } = await build(elsewhere());
    expect(inputs.map((input) => ('url' in input ? input.url : ''))).toEqual([
      `https://snapshot.debian.org/archive/debian/20261122T091544Z/${demo}`,
      `https://snapshot.debian.org/archive/debian-security/20261126T022231Z/${fixed6}`,
    ]);
    expect(members.map(({ path }) => path)).toEqual(['usr/bin/demo', 'usr/lib/demo/ld.so']);
  });

  test('that the mirror has no more comes from the snapshot archive', async () => {
    await fake.archive.publishFixes(fixed);
    await lock();
    fake.upstream.remove(`/debian-security/${fixed6}`);
    const path = `/snapshot/archive/debian-security/20261126T022231Z/${fixed6}`;
    fake.upstream.put(path, fixed.find(({ arch }) => arch === 'amd64')!.bytes);
    expect((await build(elsewhere())).inputs).toHaveLength(2);
  });

  test('that a point release took over comes from the main archive', async () => {
    await fake.archive.publishFixes(fixed);
    await lock();
    fake.upstream.remove(`/debian-security/${fixed6}`);
    const { bytes } = fixed.find(({ arch }) => arch === 'amd64')!;
    fake.upstream.put(`/debian/${fixed6.replace('updates/', '')}`, bytes);
    expect((await build(elsewhere())).inputs).toHaveLength(2);
  });

  test('of other bytes than the pinned ones stops it, whatever the snapshot archive has', async () => {
    await fake.archive.publishFixes(fixed);
    await lock();
    const { bytes } = fixed.find(({ arch }) => arch === 'amd64')!;
    fake.upstream.put(`/debian-security/${fixed6}`, Buffer.alloc(bytes.length));
    fake.upstream.put(`/snapshot/archive/debian-security/20261126T022231Z/${fixed6}`, bytes);
    await expect(build(elsewhere())).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test.each(['2.41-12+deb13u5', '2.41-12+deb13u4', '2.41-12+deb13u5~1'])(
    'that is %s is none beside 2.41-12+deb13u5 in the main archive',
    async (version) => {
      await fake.archive.publishFixes(made('libc6', version));
      expect(placesOf(await lock())).toEqual([
        [demo, undefined],
        [main6, undefined],
      ]);
    },
  );

  test('that came to the main archive since is no new revision', async () => {
    await fake.archive.publishFixes(fixed);
    await lock();
    await fake.archive.publish([...made('demo', '1.2.3-4'), ...fixed]);
    expect((await findOutdated(fake.context(), [extension])).revised).toEqual([]);
  });

  test('that is a new version is a version of the suite', async () => {
    await fake.archive.publishFixes(made('demo', '1.2.4-1~deb13u1'));
    expect(await listVersions(fake.context(), extension.versions)).toMatchObject({ versions: [{ version: '1.2.4' }] });
  });

  test('that no longer provides what programs depend on is not taken for it', async () => {
    const program = made('demo', '1.2.3-4', { Depends: 'libc' });
    await fake.archive.publish([...program, ...made('libc6', '1-1', { Provides: 'libc' })]);
    await fake.archive.publishFixes([...made('libc6', '1-2'), ...made('libc7', '1-1', { Provides: 'libc' })]);
    expect(placesOf(await lock()).map(([path]) => path)).toEqual([demo, 'pool/updates/main/libc7/libc7_1-1_amd64.deb']);
  });
});

describe('nothing is locked by the index of security fixes', () => {
  beforeEach(async () => await fake.archive.publish(main));
  const refused = async (): Promise<string> =>
    await lock().then(
      () => 'locked',
      (error: { code: string }) => error.code,
    );

  test('that no key of the keyring signed', async () => {
    await fake.archive.publishFixes(fixed, {}, { key: await newArchiveKey() });
    expect(await refused()).toBe('SIGNATURE_INVALID');
    fake.upstream.put(inRelease, 'Codename: trixie-security\n');
    expect(await refused()).toBe('SIGNATURE_INVALID');
  });

  test('that was changed', async () => {
    await fake.archive.publishFixes(fixed);
    const text = await (await fetch(`${fake.upstream.url}${inRelease}`)).text();
    fake.upstream.put(inRelease, text.replace('25 Nov', '26 Nov'));
    expect(await refused()).toBe('SIGNATURE_INVALID');
  });

  test.each([
    ['of the suite itself', { Codename: 'trixie' }],
    ['of another suite', { Codename: 'bookworm-security' }],
    ['without a date', { Date: 'yesterday' }],
    ['that is out of date', { 'Valid-Until': 'Wed, 25 Nov 2020 02:22:31 UTC' }],
    ['that is valid until no date', { 'Valid-Until': 'for ever' }],
  ])('%s', async (_, release) => {
    await fake.archive.publishFixes(fixed, release);
    expect(await refused()).toBe('UPSTREAM_DISAGREES');
  });

  test('that names another index of packages than there is', async () => {
    await fake.archive.publishFixes(fixed);
    const text = await (await fetch(`${fake.upstream.url}${inRelease}`)).text();
    const digest = /^ ([0-9a-f]{64}) .*binary-amd64/m.exec(text)![1]!;
    const size = Number(/^ [0-9a-f]{64} (\d+) .*binary-amd64/m.exec(text)![1]);
    fake.upstream.put(
      `/debian-security/dists/trixie-security/main/binary-amd64/by-hash/SHA256/${digest}`,
      Buffer.alloc(size),
    );
    expect(await refused()).toBe('DIGEST_MISMATCH');
  });

  test('that cannot be had', async () => {
    fake.upstream.remove(inRelease);
    expect(await refused()).toBe('SOURCES_EXHAUSTED');
  });

  test('that cannot be had any more: what was pinned before stays', async () => {
    await fake.archive.publishFixes(fixed);
    const before = await lock();
    fake.upstream.remove(inRelease);
    const warnings: string[] = [];
    const using = fake.context({ onEvent: (event) => event.type === 'warning' && warnings.push(event.message) });
    expect(await lock(using)).toEqual(before);
    expect(warnings).toEqual([expect.stringContaining('demo 1.2.3 debian: its pins stay as they are')]);
    expect((await findOutdated(fake.context(), [extension])).failures).toHaveLength(1);
  });
});

test('sid has none: fixes come to it first', async () => {
  await fake.archive.publish(main, {}, { suite: 'sid' });
  const { debian } = await lock(fake.context(), recipe('sid'));
  expect(debian!['demo']!.checked).toMatch(/^checked against the index of Debian sid, signed by [0-9a-f]{40}$/);
});

test('an index that is valid for a while is taken', async () => {
  await fake.archive.publish(main);
  await fake.archive.publishFixes(fixed, { 'Valid-Until': new Date(Date.now() + 60_000).toUTCString() });
  expect(placesOf(await lock())).toContainEqual([fixed6, stamp]);
});
