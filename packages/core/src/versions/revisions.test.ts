import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deb, elfImage, type FakePackage } from '@sysext/testing';
import { FakeDebian, loaders, machines } from '../sources/debian/testing/fake-debian.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockVersion } from '../lock-version.ts';
import { type LockedVersion, readLock, writeLock } from '../lock.ts';
import { type Extension, type RecipeInput, defineExtension } from '../recipe.ts';
import { updateExtensions } from '../update.ts';
import { findOutdated } from './outdated.ts';

let fake: FakeDebian;
beforeEach(async () => {
  fake = await FakeDebian.start();
  await mkdir(join(fake.path, '.changeset'));
  await writeFile(join(fake.path, '.changeset', 'config.json'), '{}');
});
afterEach(async () => await fake[Symbol.asyncDispose]());

interface Versions {
  readonly demo?: string;
  readonly libc?: string;
  /** Of a library that the program needs from then on. */
  readonly more?: string;
}

/** A program, its libc, and perhaps a library. */
function packages({ demo = '1:1.2.3-4', libc = '2.41-12', more }: Versions): FakePackage[] {
  return (['amd64', 'arm64'] as const).flatMap((arch) => {
    const make = (name: string, version: string, depends: string, image: object, ...paths: string[]): FakePackage => {
      const content = elfImage({ machine: machines[arch], type: 3, ...image });
      const copyright = { path: 'usr/share/doc/version', content: version };
      const members = [...paths.map((path) => ({ path, content })), copyright];
      return { name, version, arch, bytes: deb(members), fields: { Depends: depends } };
    };
    const loader = loaders[arch];
    const needed = ['libc.so.6', ...(more === undefined ? [] : ['libmore.so.1'])];
    const program = { interpreter: `/lib64/${loader}`, needed, spare: 2, note: true };
    return [
      make('demo', demo, 'libc6, libmore1', program, 'usr/sbin/demo'),
      make('libc6', libc, '', {}, `lib64/${loader}`, 'lib64/libc.so.6'),
      ...(more === undefined ? [] : [make('libmore1', more, 'libc6', {}, 'lib64/libmore.so.1')]),
    ];
  });
}

const publish = async (versions: Versions = {}): Promise<void> => await fake.archive.publish(packages(versions));

const debian = {
  versions: { from: 'debian', suite: 'trixie', package: 'demo' },
  sources: [{ kind: 'debian', suite: 'trixie', packages: ['demo'], take: { 'usr/sbin/demo': '/usr/bin/' } }],
} as const satisfies Pick<RecipeInput, 'versions' | 'sources'>;

/** An extension of the workspace, locked at what the archive has. */
async function locked(name: string, more: Partial<RecipeInput> = {}, version = '1.2.3'): Promise<Extension> {
  const directory = join(fake.path, name);
  await mkdir(directory);
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: `@sysext/${name}` }));
  const extension = defineExtension(directory, {
    name,
    summary: 'A program out of Debian',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    ...structuredClone(debian),
    ...more,
  });
  const companions = Object.fromEntries(Object.keys(extension.companions ?? {}).map((each) => [each, '1.2.3']));
  await lockVersion(fake.context(), extension, version, { companions });
  return extension;
}

async function at({ directory }: Extension, version = '1.2.3'): Promise<LockedVersion> {
  return (await readLock(directory)).versions[version]!;
}

const pathsOf = ({ debian: pins }: LockedVersion): string[] =>
  pins!['demo']!.packages['x86-64']!.map(({ path }) => path.split('/').at(-1)!);

async function release(extension: Extension): Promise<void> {
  const lock = await readLock(extension.directory);
  const released = { package: '1.0.0', inputs: '0'.repeat(64) };
  const versions = Object.entries(lock.versions).map(([version, entry]) => [version, { ...entry, released }]);
  await writeLock(extension.directory, { ...lock, versions: Object.fromEntries(versions) });
}

const update = async (...extensions: Extension[]): ReturnType<typeof updateExtensions> =>
  await updateExtensions(
    fake.context(),
    extensions.map((extension) => ({ extension })),
  );

const changesets = async (): Promise<string[]> =>
  (await readdir(join(fake.path, '.changeset'))).filter((name) => name.endsWith('.md')).toSorted();

describe('new revisions', () => {
  test('of the package, and of a library, are told with the index alone', async () => {
    await publish();
    const demo = await locked('demo');
    expect(await findOutdated(fake.context(), [demo])).toMatchObject({ outdated: [], revised: [], failures: [] });

    await publish({ demo: '1:1.2.3-4+deb13u1', libc: '2.41-12+deb13u2' });
    const asked = fake.upstream.requests.length;
    expect(await findOutdated(fake.context(), [demo])).toMatchObject({
      outdated: [],
      failures: [],
      revised: [
        {
          extension: 'demo',
          program: 'demo',
          version: '1.2.3',
          packages: [
            { name: 'demo', from: '1.2.3-4', to: '1.2.3-4+deb13u1' },
            { name: 'libc6', from: '2.41-12', to: '2.41-12+deb13u2' },
          ],
        },
      ],
    });
    expect(fake.upstream.requests.slice(asked).map(({ path }) => path)).not.toContainEqual(
      expect.stringMatching(/\.deb$/),
    );
  });

  test('of one architecture are told too', async () => {
    await publish();
    const demo = await locked('demo');
    const [old, next] = [packages({}), packages({ libc: '2.41-12+b1' })];
    await fake.archive.publish([
      ...old.filter(({ arch }) => arch === 'amd64'),
      ...next.filter(({ arch }) => arch === 'arm64'),
    ]);
    const { revised } = await findOutdated(fake.context(), [demo]);
    expect(revised).toMatchObject([{ packages: [{ name: 'libc6', from: '2.41-12', to: '2.41-12+b1' }] }]);
  });

  test('are none beside a new version, which is told instead', async () => {
    await publish();
    const demo = await locked('demo');
    await publish({ demo: '1:1.2.4-1', libc: '2.41-13' });
    expect(await findOutdated(fake.context(), [demo])).toMatchObject({
      outdated: [{ locked: '1.2.3', newest: '1.2.4' }],
      revised: [],
    });
  });

  test('are none in an old index, which is signed all the same, and is locked for nobody', async () => {
    await publish({ libc: '2.41-12+deb13u2' });
    const demo = await locked('demo');
    const before = await at(demo);
    await publish({ libc: '2.41-12' });
    expect(await findOutdated(fake.context(), [demo])).toMatchObject({ revised: [] });
    await expect(lockVersion(fake.context(), demo, '1.2.3')).rejects.toMatchObject({
      code: 'UPSTREAM_DISAGREES',
      message: 'Debian trixie has libc6 2.41-12 for x86-64, older than 2.41-12+deb13u2 in the lock',
    });
    expect(await at(demo)).toEqual(before);
  });

  test('of a companion are told beside the versions it is in, whatever lists the versions', async () => {
    await publish();
    fake.upstream.put('/api/repos/o/own/tags?per_page=100', JSON.stringify([{ name: 'v1.0.0' }]));
    fake.upstream.put('/debian/own', 'x');
    const own = await locked(
      'own',
      {
        versions: { from: 'github-tags', repo: 'o/own' },
        sources: [{ kind: 'release', downloads: [{ url: `${fake.upstream.url}/debian/own`, take: '/usr/bin/own' }] }],
        companions: { demo: structuredClone(debian) },
      },
      'v1.0.0',
    );
    await release(own);
    await publish({ libc: '2.41-13' });
    expect((await findOutdated(fake.context(), [own])).revised).toMatchObject([
      { extension: 'own', program: 'demo', version: '1.2.3', beside: 'v1.0.0' },
    ]);
    const { updates } = await update(own);
    const packagesChanged = [{ name: 'libc6', from: '2.41-12', to: '2.41-13' }];
    expect(updates[0]!.changes).toEqual([
      { program: 'demo', from: '1.2.3', to: '1.2.3', beside: 'v1.0.0', packages: packagesChanged },
    ]);
    expect((await at(own, 'v1.0.0')).revision).toBe(1);
    expect(await changesets()).toEqual(['own-demo-1.2.3-libc6-2.41-13.md']);
  });

  test('are told when the list of versions fails; an index that fails is told once for a program', async () => {
    await publish();
    const demo = await locked('demo');
    const other = await locked('other');
    await publish({ libc: '2.41-13' });
    const elsewhere = { ...other, versions: { ...debian.versions, suite: 'forky' } } as Extension;
    const report = await findOutdated(fake.context(), [elsewhere, demo]);
    expect(report.revised.map(({ extension }) => extension)).toEqual(['other', 'demo']);
    expect(report.failures).toMatchObject([{ extension: 'other', error: { code: 'SOURCES_EXHAUSTED' } }]);

    fake.upstream.remove('/debian/dists/trixie/InRelease');
    expect((await findOutdated(fake.context(), [demo])).failures).toHaveLength(1);
  });

  test('are read out of the same indexes, however many programs are from its suite', async () => {
    await publish();
    const all = [await locked('demo'), await locked('second'), await locked('third')];
    const asked = fake.upstream.requests.length;
    await findOutdated(fake.context(), all);
    const paths = fake.upstream.requests.slice(asked).map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith('/InRelease'))).toEqual([
      '/debian/dists/trixie/InRelease',
      '/debian-security/dists/trixie-security/InRelease',
    ]);
  });
});

describe('an update', () => {
  test('takes a new revision: new pins, the next revision of the image, a changeset', async () => {
    await publish();
    const demo = await locked('demo');
    await release(demo);
    await publish({ demo: '1:1.2.3-4+deb13u1', more: '1~rc1-1' });
    const { updates } = await update(demo);
    expect(updates[0]!.changes).toEqual([
      {
        program: 'demo',
        from: '1.2.3',
        to: '1.2.3',
        isDefault: false,
        packages: [
          { name: 'demo', from: '1.2.3-4', to: '1.2.3-4+deb13u1' },
          { name: 'libmore1', from: undefined, to: '1~rc1-1' },
        ],
      },
    ]);
    const after = await at(demo);
    expect(after.revision).toBe(1);
    expect(after).not.toHaveProperty('released');
    expect(pathsOf(after)).toEqual([
      'demo_1.2.3-4+deb13u1_amd64.deb',
      'libc6_2.41-12_amd64.deb',
      'libmore1_1~rc1-1_amd64.deb',
    ]);
    expect(await changesets()).toEqual(['demo-1.2.3-demo-1.2.3-4-deb13u1.md']);
    expect(await readFile(join(fake.path, '.changeset', 'demo-1.2.3-demo-1.2.3-4-deb13u1.md'), 'utf8')).toBe(
      "---\n'@sysext/demo': patch\n---\n\ndemo 1.2.3: demo 1.2.3-4 → 1.2.3-4+deb13u1, libmore1 1~rc1-1\n",
    );

    const again = await update(demo);
    expect(again.updates[0]).toEqual({ extension: 'demo', changes: [], newSeries: [], notes: [], files: [] });
    expect(await findOutdated(fake.context(), [demo])).toMatchObject({ revised: [] });
    expect(await at(demo)).toEqual(after);
  });

  test('raises the revision of an image once, however many come before its release', async () => {
    await publish();
    const demo = await locked('demo');
    await publish({ libc: '2.41-13' });
    await update(demo);
    expect((await at(demo)).revision).toBe(0);
    await release(demo);
    for (const libc of ['2.41-14', '2.41-15']) {
      await publish({ libc });
      await update(demo);
    }
    expect((await at(demo)).revision).toBe(1);
    expect(await changesets()).toHaveLength(3);
  });

  test('keeps revision and release of an image whose packages are the same in a newer index', async () => {
    await publish();
    const demo = await locked('demo');
    await release(demo);
    const before = await at(demo);
    await fake.archive.publish(packages({}), { Date: 'Sun, 22 Nov 2026 09:15:44 UTC' });
    await lockVersion(fake.context(), demo, '1.2.3');
    const { revision, released, debian: pins } = await at(demo);
    expect({ revision, released }).toEqual({ revision: before.revision, released: before.released });
    expect(pins!['demo']!.timestamp).toBe('20261122T091544Z');
  });

  test('of several is made for those whose suite answers', async () => {
    await publish();
    const [demo, other] = [await locked('demo'), await locked('other')];
    await publish({ libc: '2.41-13' });
    const elsewhere = { ...other, versions: { ...debian.versions, suite: 'forky' } } as Extension;
    const { updates, failures } = await update(elsewhere, demo);
    expect(updates.map(({ extension }) => extension)).toEqual(['demo']);
    expect(failures.map(({ extension }) => extension)).toEqual(['other']);
    expect(pathsOf(await at(demo))).toContain('libc6_2.41-13_amd64.deb');
  });
});
