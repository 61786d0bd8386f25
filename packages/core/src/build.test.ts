import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  type ArchiveMember,
  type FakeUpstream,
  type Fault,
  deb,
  gzip,
  noise,
  startUpstream,
  tar,
  temporaryDirectory,
  tinyElf,
} from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BuildOptions, type BuiltImage, build } from './build.ts';
import { Cache, hashFile, sha256 } from './cache.ts';
import { type ContextOptions, type SysextEvent, createContext } from './context.ts';
import type { SysextError } from './errors.ts';
import { openImage } from './image/read.ts';
import { needsRoot } from './image/testing/root.ts';
import { type Lock, readLock, writeLock } from './lock.ts';
import { Mirrors } from './mirrors.ts';
import { type RecipeInput, defineExtension } from './recipe.ts';
import { BuildRecord } from './record.ts';

let upstream: FakeUpstream;
let work: Awaited<ReturnType<typeof temporaryDirectory>>;
let events: SysextEvent[];
let output: string;

beforeEach(async () => {
  upstream = await startUpstream();
  work = await temporaryDirectory();
  output = join(work.path, 'out');
  events = [];
  const units = join(work.path, 'demo/files/usr/lib/systemd/system');
  await mkdir(units, { recursive: true });
  await writeFile(join(units, 'demo.service'), '[Unit]\nDescription=Demo\n[Service]\nExecStart=/usr/bin/demo\n');
});
afterEach(async () => {
  await upstream[Symbol.asyncDispose]();
  await work[Symbol.asyncDispose]();
});

const names = { 'x86-64': 'amd64', arm64: 'arm64' } as const;
const urlOf = (arch: keyof typeof names): string => `https://demo.example/v1.0.0/demo-${names[arch]}.tar.gz`;

const recipe: RecipeInput = {
  name: 'demo',
  summary: 'A program for tests',
  homepage: 'https://demo.example/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [
    {
      kind: 'release',
      downloads: [{ url: 'https://demo.example/{version}/demo-{arch}.tar.gz', strip: 1, take: { demo: '/usr/bin/' } }],
    },
  ],
  services: { 'demo.service': { start: 'on-merge' } },
};

interface Upstream {
  readonly members?: readonly ArchiveMember[];
  /** Instead of an archive of the members. */
  readonly bytes?: Uint8Array;
  readonly fault?: Fault;
  /** Instead of the right size and digest. */
  readonly pin?: { readonly sha256?: string; readonly size?: number };
}

/** Publishes v1.0.0 for both architectures and locks it. */
async function publish({ members, bytes, fault, pin }: Upstream = {}): Promise<void> {
  const downloads: Lock['versions'][string]['downloads'] = {};
  for (const arch of ['x86-64', 'arm64'] as const) {
    const archive =
      bytes ?? gzip(tar(members ?? [{ path: 'demo-v1/demo', content: tinyElf(arch, 'x'.repeat(50_000)) }]));
    upstream.put(`/v1.0.0/demo-${names[arch]}.tar.gz`, archive, fault === undefined ? {} : { fault });
    downloads[urlOf(arch)] = { sha256: sha256(archive), size: archive.length, checked: 'test', ...pin };
  }
  await writeFile(join(work.path, 'demo/package.json'), '{"name":"@sysext/demo","version":"1.2.3"}');
  await writeLock(join(work.path, 'demo'), {
    schema: 1,
    default: 'v1.0.0',
    versions: { 'v1.0.0': { revision: 0, downloads } },
  });
}

const cacheDirectory = (): string => join(work.path, 'cache');

async function make(
  options: Partial<BuildOptions> = {},
  change: Partial<RecipeInput> = {},
  contextOptions: ContextOptions = {},
): Promise<BuiltImage[]> {
  const context = createContext({
    cache: new Cache(cacheDirectory()),
    env: { PATH: process.env['PATH'], HOME: work.path },
    mirrors: new Mirrors({ 'https://demo.example/': `${upstream.url}/` }),
    network: { connect: 1000, idle: 1000, attempts: 3 },
    onEvent: (event) => events.push(event),
    ...contextOptions,
  });
  const extension = defineExtension(join(work.path, 'demo'), { ...recipe, ...change });
  return await build(context, extension, { arches: ['x86-64'], output, ...options });
}

const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;

const outputs = async (): Promise<string[]> => await readdir(output).catch(() => []);

describe('an image', () => {
  test.each(['squashfs', 'erofs'] as const)('is what the record says: %s', async (format) => {
    await publish();
    const [built] = await make({ format });
    expect(built!.image).toBe(join(output, 'demo-v1.0.0-x86-64.raw'));
    const record = BuildRecord.parse(JSON.parse(await readFile(built!.recordFile, 'utf8')));
    expect(record.image).toMatchObject({ ...(await hashFile(built!.image)), format });
    expect(record.package).toBe('@sysext/demo@1.2.3');
    await using image = await openImage(createContext({ cache: new Cache(cacheDirectory()) }), built!.image);
    const found = [...image.tree].map(([path, entry]) => {
      expect([entry.uid, entry.gid, entry.xattrs]).toEqual([0, 0, []]);
      return {
        path: `/${path}`,
        type: entry.type,
        ...(entry.type === 'file' ? { sha256: entry.content.sha256, mode: `0${entry.mode.toString(8)}` } : {}),
      };
    });
    const recorded = record.paths.map((path) => ({
      path: path.path,
      type: path.type,
      ...(path.type === 'file' ? { sha256: path.sha256, mode: path.mode } : {}),
    }));
    expect(found).toEqual(recorded);
    expect(found.map(({ path }) => path)).toContain('/usr/lib/systemd/system/multi-user.target.d/10-demo-service.conf');
  });

  test('is made for every architecture asked for', async () => {
    await publish();
    await make({ arches: ['x86-64', 'arm64'] });
    expect(await outputs()).toEqual([
      'demo-v1.0.0-arm64.json',
      'demo-v1.0.0-arm64.raw',
      'demo-v1.0.0-x86-64.json',
      'demo-v1.0.0-x86-64.raw',
    ]);
  });

  test.each(['fast', 'default', 'release'] as const)('has the same bytes each time: %s', async (profile) => {
    await publish();
    const [first] = await make({ profile });
    const [second] = await make({ profile, output: join(work.path, 'again') });
    expect((await hashFile(first!.image)).sha256).toBe((await hashFile(second!.image)).sha256);
    expect(await readFile(first!.recordFile, 'utf8')).toBe(await readFile(second!.recordFile, 'utf8'));
  });

  test('is for the hosts that --os names', async () => {
    await publish();
    expect((await make({ os: '_any' }))[0]!.record.release).not.toHaveProperty('SYSEXT_LEVEL');
    expect((await make({ os: 'flatcar:4593.2.5' }))[0]!.record.release).toMatchObject({
      ID: 'flatcar',
      VERSION_ID: '4593.2.5',
    });
    expect((await failure(make({ os: 'Flat car' }))).code).toBe('USAGE');
  });

  test('is replaced as a whole', async () => {
    await publish();
    await make({ profile: 'fast' });
    const [built] = await make({ profile: 'release' });
    expect(await hashFile(built!.image)).toMatchObject({ sha256: built!.record.image.sha256 });
  });

  test('goes over the wire as xz, and is the same when it is unpacked', async () => {
    await publish();
    const [built] = await make({ transport: 'xz', profile: 'fast' });
    expect(await outputs()).toEqual(['demo-v1.0.0-x86-64.json', 'demo-v1.0.0-x86-64.raw', 'demo-v1.0.0-x86-64.raw.xz']);
    const { record, image, transportFile } = built!;
    expect(record.transport).toMatchObject({ file: 'demo-v1.0.0-x86-64.raw.xz', ...(await hashFile(transportFile)) });
    expect(record.image).toMatchObject({ ...(await hashFile(image)), compression: { algorithm: 'none' } });
    expect(record.tools).toHaveProperty('xz');
    const unpacked = await execa('xz', ['-dc', transportFile], { encoding: 'buffer' });
    expect(sha256(unpacked.stdout)).toBe(record.image.sha256);
    const [again] = await make({ transport: 'xz', profile: 'fast', output: join(work.path, 'again') });
    expect(again!.record).toEqual(record);
    await make({ profile: 'fast' });
    expect(await outputs()).toEqual(['demo-v1.0.0-x86-64.json', 'demo-v1.0.0-x86-64.raw']);
    expect((await failure(make({ transport: 'xz', format: 'erofs' }))).code).toBe('USAGE');
  });

  test('needs no network once its inputs are in the cache', async () => {
    await publish();
    expect((await failure(make({}, {}, { offline: true }))).code).toBe('OFFLINE');
    await make();
    await rm(join(cacheDirectory(), 'blobs'), { recursive: true, force: true });
    expect((await failure(make({}, {}, { offline: true }))).code).toBe('OFFLINE');
    await make();
    const requests = upstream.requests.length;
    await make({}, {}, { offline: true });
    expect(upstream.requests).toHaveLength(requests);
  });

  test('takes what the Debian packages in an archive install', async () => {
    const install = (path: string): ArchiveMember => ({ path, content: tinyElf('x86-64', path) });
    const bytes = gzip(
      tar([
        { path: 'release/demo_1.deb', content: deb([install('usr/bin/demo')]) },
        { path: 'release/libdemo_1.deb', content: deb([install('usr/bin/demo-tool'), install('usr/bin/other')]) },
        { path: 'release/SHA256SUMS', content: 'x' },
      ]),
    );
    const downloads = [
      {
        url: 'https://demo.example/{version}/demo-{arch}.tar.gz',
        packages: 'release/*.deb',
        take: { 'usr/bin/demo*': '/usr/bin/' },
      },
    ];
    const change: Partial<RecipeInput> = { sources: [{ kind: 'release', downloads }] };
    await publish({ bytes });
    const [built] = await make({}, change);
    const paths = built!.record.paths.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('/usr/bin/'))).toEqual(['/usr/bin/demo', '/usr/bin/demo-tool']);
    await publish({ bytes: gzip(tar([{ path: 'release/demo_1.deb', content: 'no package' }])) });
    expect((await failure(make({}, change))).code).toBe('ARCHIVE_INVALID');
  });

  test('two builds of the same thing at once both end well', async () => {
    await publish();
    const [a, b] = await Promise.all([make(), make()]);
    expect(a[0]!.record).toEqual(b[0]!.record);
    expect(await hashFile(a[0]!.image)).toMatchObject({ sha256: a[0]!.record.image.sha256 });
    expect(await outputs()).toEqual(['demo-v1.0.0-x86-64.json', 'demo-v1.0.0-x86-64.raw']);
  });

  test('what a killed build left is swept away', async () => {
    await publish();
    await mkdir(output, { recursive: true });
    const dead = execa('true');
    await dead;
    const { pid } = dead;
    await writeFile(join(output, `.demo-v1.0.0-x86-64.raw.${pid}-0badcafe.tmp`), 'half');
    await make();
    expect(await outputs()).toEqual(['demo-v1.0.0-x86-64.json', 'demo-v1.0.0-x86-64.raw']);
  });
});

describe('nothing is left in the output directory, and the next build works, after', () => {
  const good = { path: 'demo-v1/demo', content: tinyElf('x86-64') };
  const cases: [what: string, upstream: Upstream, code: string][] = [
    ['a wrong digest', { pin: { sha256: '0'.repeat(64) } }, 'DIGEST_MISMATCH'],
    ['a wrong size', { pin: { size: 17 } }, 'SIZE_MISMATCH'],
    ['a truncated download', { fault: { kind: 'truncate', after: 10 } }, 'TRUNCATED'],
    ['a shorter file', { fault: { kind: 'short', bytes: 10 } }, 'SIZE_MISMATCH'],
    ['a web page with status 200', { fault: { kind: 'html' }, pin: { size: 52 } }, 'HTML_PAGE'],
    ['a redirect loop', { fault: { kind: 'redirect-loop' } }, 'REDIRECT'],
    ['a server that stalls', { fault: { kind: 'stall', after: 10 } }, 'STALLED'],
    ['a server that has it no more', { fault: { kind: 'status', status: 404 } }, 'HTTP_STATUS'],
    ['an archive with ..', { members: [good, { path: '../x', content: 'x' }] }, 'ARCHIVE_UNSAFE'],
    ['an archive with absolute paths', { members: [good, { path: '/etc/x', content: 'x' }] }, 'ARCHIVE_UNSAFE'],
    [
      'a link that escapes',
      { members: [good, { path: 'demo-v1/l', type: 'SymbolicLink', linkpath: '../../x' }] },
      'ARCHIVE_UNSAFE',
    ],
    ['a device', { members: [good, { path: 'demo-v1/null', type: 'CharacterDevice' }] }, 'ARCHIVE_UNSAFE'],
    ['setuid bits', { members: [{ ...good, mode: 0o4755 }] }, 'ARCHIVE_UNSAFE'],
    [
      '100,000 members',
      { members: [good, ...Array.from({ length: 100_000 }, (_, i) => ({ path: `m${i}` }))] },
      'ARCHIVE_TOO_LARGE',
    ],
    ['a declared size of 1 TiB', { members: [good, { path: 'demo-v1/big', size: 1024 ** 4 }] }, 'ARCHIVE_TOO_LARGE'],
    [
      'a decompression bomb',
      {
        bytes: gzip(
          Buffer.concat([tar([{ ...good, size: 200 * 1024 ** 2 }]).subarray(0, 512), Buffer.alloc(200 * 1024 ** 2)]),
        ),
      },
      'ARCHIVE_TOO_LARGE',
    ],
    ['a damaged archive', { bytes: gzip(tar([good])).subarray(0, 100) }, 'ARCHIVE_INVALID'],
    ['an archive without the program', { members: [{ path: 'demo-v1/other', content: 'x' }] }, 'MEMBER_MISSING'],
    ['a program for another machine', { members: [{ ...good, content: tinyElf('arm64') }] }, 'LINT_FAILED'],
  ];
  const exits = new Map<number, string>();
  test.each(cases)('%s', async (_, wrong, code) => {
    await publish(wrong);
    const error = await failure(make());
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/undefined|\[object/);
    expect(exits.get(error.exitCode) ?? code).toBe(code);
    exits.set(error.exitCode, code);
    expect(await outputs()).toEqual([]);
    expect(await readdir(join(cacheDirectory(), 'tmp'))).toEqual([]);
    await publish();
    await make();
    expect(await outputs()).toHaveLength(2);
  });

  test('one flipped bit in the cache: the entry is made again', async () => {
    await publish();
    const [before] = await make();
    const program = before!.record.paths.find(({ path }) => path === '/usr/bin/demo')!;
    const path = new Cache(cacheDirectory()).blobPath('sha256' in program ? program.sha256 : '');
    const bytes = await readFile(path);
    bytes[4000]! ^= 4;
    await writeFile(path, bytes);
    const [after] = await make();
    expect(after!.record.image.sha256).toBe(before!.record.image.sha256);
    expect(events.some((event) => event.type === 'warning' && event.message.includes('usr/bin/demo'))).toBe(true);
  });

  test('an interruption in the middle of compressing', async () => {
    const large = { path: 'demo-v1/demo', content: Buffer.concat([tinyElf('x86-64'), noise(30_000_000)]) };
    await publish({ members: [large] });
    const stop = new AbortController();
    const running = make(
      { profile: 'release' },
      {},
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'start' && event.step === 'compress') setImmediate(() => stop.abort(new Error('enough')));
        },
      },
    );
    await expect(running).rejects.toThrow('enough');
    expect(await outputs()).toEqual([]);
  });

  test.for(['out', 'cache'])('a full disk: %s', async (full, context) => {
    needsRoot(context);
    const place = join(work.path, full);
    await mkdir(place);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', place]);
    try {
      await publish({ members: [{ ...good, content: Buffer.concat([good.content, noise(2_000_000)]) }] });
      const error = await failure(make());
      expect(error.code).toBe('NO_SPACE');
      expect(error.hint).toMatch(/--output/);
      expect(await outputs()).toEqual([]);
    } finally {
      await execa('umount', [place]);
    }
    await make();
    expect(await outputs()).toHaveLength(2);
  });

  test('an output directory that cannot be made', async () => {
    await publish();
    await writeFile(join(work.path, 'file'), '');
    expect((await failure(make({ output: join(work.path, 'file', 'out') }))).code).toBe('IO');
  });
});

describe('is refused before anything is fetched:', () => {
  test('an unknown version', async () => {
    await publish();
    expect((await failure(make({ version: 'v9' }))).code).toBe('UNKNOWN_VERSION');
  });

  test('a version without digests, with the command that learns them', async () => {
    await publish();
    const unpinned = { 'https://demo.example/v1.0.0/demo-amd64.tar.gz': 'upstream publishes none' };
    const locked = { revision: 0, downloads: {}, unpinned };
    await writeLock(join(work.path, 'demo'), { schema: 1, versions: { 'v1.0.0': locked } });
    expect(await failure(make({ version: 'v1.0.0' }))).toMatchObject({
      code: 'NOT_LOCKED',
      hint: 'sysext lock demo v1.0.0',
      message: expect.stringContaining('demo-amd64.tar.gz: upstream publishes none'),
    });
    expect(upstream.requests).toEqual([]);
  });

  test('one of several files without a digest; the other architecture is built', async () => {
    await publish();
    const directory = join(work.path, 'demo');
    const { versions, ...lock } = await readLock(directory);
    const { downloads, ...locked } = versions['v1.0.0']!;
    const more = 'https://demo.example/v1.0.0/more-arm64';
    const bytes = tinyElf('x86-64', 'more');
    upstream.put('/v1.0.0/more-amd64', bytes);
    const pin = { sha256: sha256(bytes), checked: 'test' };
    const pins = { ...downloads, [more.replace('arm64', 'amd64')]: pin };
    const unpinned = { [more]: 'nobody publishes it' };
    await writeLock(directory, { ...lock, versions: { 'v1.0.0': { ...locked, downloads: pins, unpinned } } });
    const [source] = recipe.sources;
    const added = { url: 'https://demo.example/{version}/more-{arch}', take: '/usr/bin/demo-more' };
    const sources = source?.kind === 'release' ? [{ ...source, downloads: [...source.downloads!, added] }] : [];
    expect(await failure(make({ arches: ['arm64'] }, { sources }))).toMatchObject({ code: 'NOT_LOCKED' });
    expect(upstream.requests).toEqual([]);
    expect(await make({}, { sources })).toHaveLength(1);
  });

  test('an architecture that upstream does not offer', async () => {
    await publish();
    expect((await failure(make({ arches: ['arm64'] }, { architectures: ['x86-64'] }))).code).toBe('USAGE');
  });
});

test('a lint error stops the build, and all findings are in the error', async () => {
  await publish();
  await mkdir(join(work.path, 'demo/files/usr/sbin'), { recursive: true });
  await writeFile(join(work.path, 'demo/files/usr/sbin/x'), '');
  const error = await failure(make());
  expect(error.code).toBe('LINT_FAILED');
  expect(error.data).toMatchObject({
    findings: expect.arrayContaining([expect.objectContaining({ rule: 'usr-sbin' })]),
  });
});

test('a checkout with a strict umask makes the same image', async () => {
  await publish();
  const [before] = await make();
  await chmod(join(work.path, 'demo/files/usr/lib/systemd/system/demo.service'), 0o600);
  await chmod(join(work.path, 'demo/files/usr'), 0o700);
  const [after] = await make();
  expect(after!.record.image.sha256).toBe(before!.record.image.sha256);
});
