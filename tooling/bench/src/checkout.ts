import { readFileSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Imitation, environmentOf, imitateUpstream } from '@sysext/contract';
import { type Extension, writeLock } from '@sysext/core';
import { type FakeUpstream, startUpstream } from '@sysext/testing';
import { execa } from 'execa';

const repository = join(import.meta.dirname, '..', '..', '..');

/**
 * The work tree once more, in a place of its own, with every extension locked to what an upstream serves that makes
 * archives of the declared shape.
 */
export class Checkout implements AsyncDisposable {
  readonly path: string;
  /** How many extensions there are. */
  readonly extensions: readonly string[];
  readonly #upstream: FakeUpstream;
  readonly #env: Record<string, string>;

  private constructor(path: string, upstream: FakeUpstream, extensions: readonly Extension[]) {
    this.path = path;
    this.extensions = extensions.map(({ name }) => name);
    this.#upstream = upstream;
    this.#env = {
      ...environmentOf(upstream, extensions),
      SYSEXT_CACHE: join(path, 'cache'),
      TURBO_TELEMETRY_DISABLED: '1',
    };
  }

  static async make(): Promise<Checkout> {
    const path = await mkdtemp(join(tmpdir(), 'sysext-bench-'));
    await copyWorkTree(path);
    await execa('git', ['init', '--quiet'], { cwd: path });
    await execa('pnpm', ['install', '--offline', '--frozen-lockfile'], { cwd: path });
    const upstream = await startUpstream();
    const extensions: Extension[] = [];
    for (const name of await readdir(join(path, 'packages', 'extensions'))) {
      const file = pathToFileURL(join(path, 'packages', 'extensions', name, 'extension.ts')).href;
      const { default: extension } = (await import(file)) as { default: Extension };
      extensions.push(extension);
    }
    const takes: Imitation['takes'] = new Map();
    for (const extension of extensions) await imitateUpstream(upstream, extension, { takes });
    for (const extension of extensions) {
      await writeLock(extension.directory, await imitateUpstream(upstream, extension, { takes }));
    }
    await execa('git', ['add', '--all'], { cwd: path });
    return new Checkout(path, upstream, extensions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upstream[Symbol.asyncDispose]();
    await rm(this.path, { recursive: true, force: true });
  }

  /** Forgets every image and every download. */
  async forget(): Promise<void> {
    await rm(join(this.path, 'cache'), { recursive: true, force: true });
    await rm(join(this.path, '.turbo'), { recursive: true, force: true });
    for (const name of this.extensions) {
      await rm(join(this.path, 'packages', 'extensions', name, 'dist'), { recursive: true, force: true });
    }
  }

  /** `turbo build`, and what it and all it started took. */
  async build(): Promise<Consumption> {
    const turbo = [process.execPath, join(this.path, 'tooling', 'turbo', 'turbo.ts'), 'run', 'build'];
    const running = execa('sh', ['-c', '"$@" >&2 && times', 'sh', ...turbo], { cwd: this.path, env: this.#env });
    let memory = 0;
    const sampling = setInterval(() => {
      memory = Math.max(memory, memoryOf(running.pid!));
    }, 50);
    try {
      return { processor: childrenTime((await running).stdout), memory };
    } finally {
      clearInterval(sampling);
    }
  }
}

/** What a process and all it started took. */
interface Consumption {
  /** Milliseconds of processor time. */
  readonly processor: number;
  /** Bytes in memory at once, as looked at 20 times a second; shared pages count for each process. */
  readonly memory: number;
}

/** The second line of times(1p): user and system time of the children, `1m2.34s 0m5.67s`. */
function childrenTime(text: string): number {
  const times = [
    ...text
      .trimEnd()
      .split('\n')
      .at(-1)!
      .matchAll(/(\d+)m([\d.]+)s/g),
  ];
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
}

/** Resident bytes of a process and its descendants. Source: proc_pid_status(5). */
function memoryOf(root: number): number {
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statusOf(name) : []));
  const tree = new Set([root]);
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  return processes.filter(({ pid }) => tree.has(pid)).reduce((sum, { resident }) => sum + resident, 0);
}

function statusOf(name: string): { pid: number; parent: number; resident: number }[] {
  try {
    const status = readFileSync(`/proc/${name}/status`, 'utf8');
    const field = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return [{ pid: Number(name), parent: field('PPid'), resident: field('VmRSS') * 1024 }];
  } catch {
    // It ended meanwhile.
    return [];
  }
}

async function copyWorkTree(to: string): Promise<void> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await execa('git', args, { cwd: repository });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await cp(join(repository, file), join(to, file));
  }
}
