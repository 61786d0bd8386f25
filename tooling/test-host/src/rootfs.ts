import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache.ts';
import { dress, splitUsr } from './dress.ts';
import { dressing, type Release } from './flatcar.ts';
import { keep } from './keeper.ts';
import { ownedName, removeTree, sweep } from './owner.ts';
import { tool } from './tool.ts';

/** A root file system in the cache; nothing writes to it once it is there. */
export interface Rootfs {
  /** What is mounted read-only at `/usr`. */
  readonly usr: string;
  /** Everything else: what the disk of a new host holds. */
  readonly rest: string;
}

/** To be raised when {@link dress} does something else with the same {@link dressing}. */
const dressVersion = 1;

const building = new Map<string, Promise<Rootfs>>();

/**
 * The root file system of `release`, built if the cache does not hold it: about 20 s and
 * 100 MB, once for each release, list of packages and way of dressing. Says so on standard
 * error. Processes that ask at the same time wait for the one that builds.
 *
 * Packages come from Debian's default mirror, or from `$SYSEXT_DEBIAN_MIRROR`.
 */
export function ensureRootfs(release: Release = 'trixie'): Promise<Rootfs> {
  const directory = rootfsDirectory(release);
  const known = building.get(directory) ?? build(release, directory);
  building.set(directory, known);
  known.catch(() => building.delete(directory));
  return known;
}

/** Whether {@link ensureRootfs} would find the root file system in the cache. */
export function rootfsIsCached(release: Release = 'trixie'): boolean {
  return existsSync(rootfsDirectory(release));
}

function rootfsDirectory(release: Release): string {
  const made = JSON.stringify([dressVersion, process.arch, release, dressing(release)]);
  const key = createHash('sha256').update(made).digest('hex').slice(0, 16);
  return join(cacheDirectory(), `${release}-${key}`);
}

async function build(release: Release, directory: string): Promise<Rootfs> {
  if (!existsSync(directory)) {
    await mkdir(cacheDirectory(), { recursive: true });
    await using _ = await keep(['flock', `${directory}.lock`, 'cat']);
    if (!existsSync(directory)) await buildLocked(release, directory);
  }
  return { usr: join(directory, 'usr'), rest: join(directory, 'rest') };
}

function say(text: string): void {
  process.stderr.write(`test-host: ${text}\n`);
}

/** Shows each line a program writes, and keeps it for the error. */
function* progress(line: unknown): Generator {
  say(`  ${String(line)}`);
  yield line;
}

async function buildLocked(release: Release, directory: string): Promise<void> {
  const partials = join(cacheDirectory(), 'partial');
  const partial = join(partials, ownedName(release));
  const rest = join(partial, 'rest');
  const started = performance.now();
  say(`building the root file system of a ${release} host (once, about 20 s) in ${directory}`);

  await mkdir(partial, { recursive: true });
  await sweep(partials);
  try {
    await bootstrap(release, rest);
    await dress(rest, dressing(release));
    await splitUsr(rest, join(partial, 'usr'));
    await rename(partial, directory);
  } catch (error) {
    await removeTree(partial);
    throw error;
  }
  say(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Settings of the machine's apt that mmdebstrap does not take over. Suites whose indexes expire, such as forky, cannot
 * be had without them where the clock or the mirror is off, as whoever set them knows.
 */
const dateChecks = ['Acquire::Check-Valid-Until', 'Acquire::Check-Date'];

/**
 * Unpacks and configures the packages. In namespaces that end with this process: mmdebstrap
 * mounts file systems in the tree and would go on by itself.
 */
async function bootstrap(release: Release, root: string): Promise<void> {
  const { packages, exclude } = dressing(release);
  const mirror = process.env['SYSEXT_DEBIAN_MIRROR'];
  const dates = await tool('apt-config', ['dump', '--no-empty', '--format=%f "%v"%n', ...dateChecks]);
  const { failed, stderr } = await tool(
    'unshare',
    [
      '--pid',
      '--mount',
      '--mount-proc',
      '--fork',
      '--kill-child',
      '/bin/sh',
      join(import.meta.dirname, 'guard.sh'),
      'mmdebstrap',
      '--mode=root',
      '--format=directory',
      '--variant=essential',
      `--include=${packages.join(',')}`,
      ...dates.stdout.split('\n').flatMap((line) => (line === '' ? [] : [`--aptopt=${line}`])),
      ...exclude.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
      release,
      root,
      ...(mirror ? [mirror] : []),
    ],
    { stdin: 'pipe', stdout: 'ignore', stderr: ['pipe', progress], reject: false },
  );
  if (failed) throw new Error(`mmdebstrap could not build the root file system of a ${release} host:\n${stderr}`);
  await chmod(root, 0o755);
}
