/**
 * `pnpm bench:compression`: what each way to compress etcd's image costs and brings. Bytes, time to
 * build, and time from `systemctl start etcd` to the first answered request on a test host with
 * cold caches; medians of five, and of fifteen for the latter. The profiles are chosen by the table it prints (docs/compression.md).
 */
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, createContext } from '@sysext/core';
import etcd from '@sysext/etcd';
import { type Host, bootHost } from '@sysext/test-host';
import { execa } from 'execa';
import { median, rounds, time } from './measure.ts';
import { Workshop, arch } from './workshop.ts';

const squashfs = (...options: string[]): string[] => ['mksquashfs', ...options];
const zstd = (level: number, block: string): [string, string[]] => [
  `zstd ${level}, ${block}`,
  squashfs('-comp', 'zstd', '-Xcompression-level', String(level), '-b', block),
];
const settings: [name: string, options: string[]][] = [
  ["gzip 9, 128K (the bakery's)", squashfs('-comp', 'gzip')],
  ['lz4 -Xhc, 128K', squashfs('-comp', 'lz4', '-Xhc')],
  zstd(1, '128K'),
  zstd(3, '128K'),
  zstd(9, '1M'),
  zstd(12, '1M'),
  zstd(13, '256K'),
  zstd(14, '256K'),
  zstd(15, '256K'),
  zstd(19, '128K'),
  zstd(19, '256K'),
  zstd(19, '1M'),
  zstd(22, '1M'),
  ['xz, 128K', squashfs('-comp', 'xz', '-b', '128K')],
  ['xz, 1M', squashfs('-comp', 'xz', '-b', '1M')],
  ['none', squashfs('-noI', '-noD', '-noF', '-noX')],
  ['erofs lz4hc 12, 64K', ['mkfs.erofs', '-zlz4hc,12', '-C65536']],
];

await using workshop = await Workshop.open();
const tree = join(workshop.path, 'tree');
const [built] = await build(createContext(), etcd, { arches: [arch], output: workshop.path, profile: 'fast' });
await execa('unsquashfs', ['-quiet', '-no-progress', '-dest', tree, built!.image]);

async function write([tool, ...options]: readonly string[], image: string): Promise<void> {
  await rm(image, { force: true });
  if (tool === 'mksquashfs') {
    await execa(tool, [tree, image, '-all-root', '-noappend', '-quiet', '-no-progress', ...options]);
  } else {
    await execa(tool!, ['-T0', '--all-root', '--quiet', ...options, image, tree]);
  }
}

/** Time from `systemctl start` to the first answer, in milliseconds, measured on the host itself. */
async function coldStart(host: Host): Promise<number> {
  await host.run(['sh', '-c', 'systemctl stop etcd.service; rm -rf /var/lib/etcd/*']);
  await execa('sync');
  await writeFile('/proc/sys/vm/drop_caches', '3');
  const { stdout } = await host.run([
    'bash',
    '-c',
    'a=${EPOCHREALTIME/./}; systemctl start etcd.service; until curl -sf http://127.0.0.1:2379/health >/dev/null; do :; done; echo $((${EPOCHREALTIME/./} - a))',
  ]);
  return Number(stdout.trim()) / 1000;
}

const rows: string[][] = [];
for (const [name, options] of settings) {
  const image = join(workshop.path, 'etcd.raw');
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await time(async () => await write(options, image)));
  // A member elects itself after a random part of this time, which says nothing about images.
  const files = { '/etc/etcd/etcd.env': 'ETCD_NAME=bench\nETCD_HEARTBEAT_INTERVAL=10\nETCD_ELECTION_TIMEOUT=100\n' };
  await using host = await bootHost({ images: { etcd: image }, files });
  await coldStart(host);
  const starts: number[] = [];
  for (let round = 0; round < 3 * rounds; round++) starts.push(await coldStart(host));
  const { size } = await stat(image);
  const row = [name, size.toLocaleString('en'), (median(times) / 1000).toFixed(2), median(starts).toFixed(0)];
  rows.push(row);
  process.stderr.write(`${row.join('  ')}\n`);
}
const header = ['compression', 'bytes', 'build, s', 'first answer, ms'];
process.stdout.write(
  `${[header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`,
);
