/**
 * `pnpm bench`: what this project promises about speed and size, each against a named peer, as
 * ratios in one run. Ends with status 1 when a promise is broken.
 */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import etcd from '@sysext/etcd';
import { startUpstream } from '@sysext/testing';
import { execa } from 'execa';
import { Checkout } from './checkout.ts';
import { median, pair, rounds, time } from './measure.ts';
import { fabricate } from '../../../packages/core/src/repository/testing/fabricate.ts';
import { repositoryOf } from '../../../packages/core/src/repository/testing/many.ts';
import { startWorkshop } from '../../../packages/core/src/repository/testing/repository.ts';
import { Workshop, command } from './workshop.ts';

interface Row {
  readonly what: string;
  readonly against: string;
  readonly limit: number;
  readonly measured: number;
  readonly note: string;
}

const rows: Row[] = [];
function report(row: Row): void {
  rows.push(row);
  process.stderr.write(`${row.what}: ${row.measured.toFixed(3)} × (at most ${row.limit} ×), ${row.note}\n`);
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;

await using workshop = await Workshop.open();
await using upstream = await startUpstream();
const mirrors = { SYSEXT_MIRRORS: `https://bench.example/=${upstream.url}/` };

const tarball = await workshop.etcdTarball();
const programs = ['etcd', 'etcdctl', 'etcdutl'];
const extension = await workshop.extension('etcd', tarball, {
  strip: 1,
  programs,
  files: join(etcd.directory, 'files'),
});
upstream.put('/etcd.tar.gz', await readFile(tarball));

/** The bakery's way: unpack, copy, mksquashfs with the options it uses. */
const bakeryImage = join(workshop.path, 'bakery.raw');
async function bakery(): Promise<void> {
  const [unpacked, tree] = ['unpacked', 'tree'].map((name) => join(workshop.path, 'bakery', name));
  await rm(join(workshop.path, 'bakery'), { recursive: true, force: true });
  await mkdir(unpacked!, { recursive: true });
  await mkdir(join(tree!, 'usr', 'bin'), { recursive: true });
  await execa('tar', ['-xzf', tarball, '-C', unpacked!, '--strip-components=1']);
  for (const name of programs) await execa('cp', [join(unpacked!, name), join(tree!, 'usr', 'bin', name)]);
  await execa('cp', ['-r', `${etcd.directory}/files/usr`, tree!]);
  await execa('mksquashfs', [tree!, bakeryImage, '-all-root', '-noappend', '-quiet', '-no-progress']);
}

const profile =
  (name: string): (() => Promise<string>) =>
  async () =>
    await workshop.sysextBuild(extension, ['--profile', name, '-o', join(workshop.path, name)], mirrors);

for (const [name, timeLimit, sizeLimit] of [
  ['default', 1, 0.89],
  ['fast', 0.25, undefined],
  ['release', undefined, 0.85],
] as const) {
  const paired = await pair(profile(name), bakery);
  const [ours, theirs] = [await sizeOf(await profile(name)()), await sizeOf(bakeryImage)];
  if (timeLimit !== undefined) {
    const note = `${seconds(paired.ours)} against ${seconds(paired.theirs)}`;
    report({
      what: `${name} profile, warm cache, time`,
      against: 'the bakery',
      limit: timeLimit,
      measured: paired.ratio,
      note,
    });
  }
  if (sizeLimit !== undefined) {
    const note = `${megabytes(ours)} against ${megabytes(theirs)}`;
    report({ what: `${name} profile, bytes`, against: 'the bakery', limit: sizeLimit, measured: ours / theirs, note });
  }
}

{
  const image = await workshop.sysextBuild(extension, ['--transport', 'xz', '-o', join(workshop.path, 'xz')], mirrors);
  const [ours, theirs] = [await sizeOf(`${image}.xz`), await sizeOf(bakeryImage)];
  const note = `${megabytes(ours)} against ${megabytes(theirs)}`;
  report({ what: 'transport xz, bytes per update', against: 'the bakery', limit: 0.55, measured: ours / theirs, note });
}

{
  const tree = join(workshop.path, 'finished');
  const image = await profile('default')();
  await execa('unsquashfs', ['-quiet', '-no-progress', '-dest', tree, image]);
  const alone = async (): Promise<unknown> =>
    await execa('mksquashfs', [
      tree, join(workshop.path, 'alone.raw'), '-noappend', '-quiet', '-no-progress', '-no-xattrs', '-all-root', '-mem', '256M',
      '-comp', 'zstd', '-Xcompression-level', '14', '-b', '262144', '-mkfs-time', '0', '-all-time', '0',
    ]); // prettier-ignore
  const paired = await pair(profile('default'), alone);
  const note = `${seconds(paired.ours)} against ${seconds(paired.theirs)}`;
  report({
    what: 'build, time',
    against: 'mksquashfs alone on the finished tree',
    limit: 1.15,
    measured: paired.ratio,
    note,
  });
}

{
  const peaks: Record<string, number[]> = { small: [], large: [] };
  for (const [name, size] of [
    ['small', 60e6],
    ['large', 2 * 1024 ** 3],
  ] as const) {
    const archive = await workshop.payload(name, size);
    upstream.putFile(`/${basename(archive)}`, archive);
    const directory = await workshop.extension(name, archive, { strip: 0, programs: [name] });
    for (let round = 0; round < rounds; round++) {
      // From an empty cache: download, unpack, hash and compress all count.
      const cache = join(workshop.path, 'cold');
      const output = join(workshop.path, 'cold-out');
      peaks[name]!.push(
        await workshop.peakMemory(directory, ['--profile', 'fast', '-o', output], { ...mirrors, SYSEXT_CACHE: cache }),
      );
      for (const path of [cache, output]) await rm(path, { recursive: true, force: true });
    }
    await rm(archive);
  }
  const [small, large] = [median(peaks['small']!), median(peaks['large']!)];
  const note = `${megabytes(large)} against ${megabytes(small)}`;
  report({
    what: 'peak memory of our process, a 2 GiB payload',
    against: 'a 60 MB payload',
    limit: 1.3,
    measured: large / small,
    note,
  });
}

{
  const node = process.execPath;
  const paired = await pair(
    async () => await execa(node, [command, '--help']),
    async () => await execa(node, ['-e', '0']),
  );
  const note = `${seconds(paired.ours)} against ${seconds(paired.theirs)}`;
  report({ what: 'sysext --help, time', against: 'node -e 0', limit: 3, measured: paired.ratio, note });
}

{
  await using shop = await startWorkshop();
  const repositories = { few: await repositoryOf(shop, 10), many: await repositoryOf(shop, 10_000) };
  const key = join(shop.path, 'key.asc');
  let round = 0;
  const add = async (size: keyof typeof repositories): Promise<void> => {
    const version = `v1.0.${round++}`;
    const image = await fabricate(join(shop.path, 'dist'), { version, content: published });
    await execa(process.execPath, [command, 'publish', image, '--repo', repositories[size], '--key-file', key]);
  };
  const published = await readFile(bakeryImage);
  const paired = await pair(
    async () => await add('many'),
    async () => await add('few'),
  );
  const note = `${seconds(paired.ours)} against ${seconds(paired.theirs)}`;
  report({
    what: 'sysext publish of one image to 10,000, time',
    against: 'to 10',
    limit: 1.5,
    measured: paired.ratio,
    note,
  });
}

{
  await using checkout = await Checkout.make();
  const cold: { wall: number; processor: number; memory: number }[] = [];
  const cached: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await checkout.forget();
    const start = performance.now();
    const consumption = await checkout.build();
    cold.push({ wall: performance.now() - start, ...consumption });
    cached.push(await time(async () => await checkout.build()));
  }
  const wall = median(cold.map((each) => each.wall));
  const count = `${checkout.extensions.length} extensions for both architectures`;
  report({
    what: `turbo build of ${count}, time`,
    against: 'its processor time; two processors fully used are 0.5',
    limit: 1 / 1.7,
    measured: median(cold.map((each) => each.wall / each.processor)),
    note: `${seconds(wall)} against ${seconds(median(cold.map((each) => each.processor)))}`,
  });
  const memory = Math.max(...cold.map((each) => each.memory));
  report({
    what: 'the same, memory of all processes at once',
    against: '2 GiB',
    limit: 1,
    measured: memory / 2 ** 31,
    note: megabytes(memory),
  });
  report({
    what: 'the same with nothing changed, time',
    against: '2 s',
    limit: 1,
    measured: median(cached) / 2000,
    note: seconds(median(cached)),
  });
}

const cells = rows.map(({ what, against, limit, measured, note }) => [
  what,
  against,
  `${limit.toFixed(2)} ×`,
  `${measured.toFixed(3)} ×`,
  note,
  measured <= limit ? 'kept' : 'BROKEN',
]);
const header = ['what', 'against', 'at most', 'measured', 'medians of five', ''];
process.stdout.write(
  `${[header, header.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
);
if (rows.some(({ measured, limit }) => measured > limit)) process.exitCode = 1;
