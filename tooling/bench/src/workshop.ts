import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, open, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, createContext, machineArch } from '@sysext/core';
import etcd from '@sysext/etcd';
import { noise, tinyElf } from '@sysext/testing';
import { execa } from 'execa';

const repository = join(import.meta.dirname, '..', '..', '..');
export const command = join(repository, 'packages', 'cli', 'sysext.mjs');
export const arch = machineArch() ?? 'x86-64';

/** A directory in which recipes, tarballs and images of a benchmark are made; gone when disposed. */
export class Workshop implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<Workshop> {
    const path = await mkdtemp(join(tmpdir(), 'sysext-bench-'));
    await mkdir(join(path, 'node_modules', '@sysext'), { recursive: true });
    await symlink(join(repository, 'packages', 'core'), join(path, 'node_modules', '@sysext', 'core'));
    return new Workshop(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /**
   * The release tarball of etcd, as upstream lays it out, with the programs that the recipe's
   * sources deliver here: upstream's own can't be had everywhere.
   */
  async etcdTarball(): Promise<string> {
    const tree = join(this.path, 'release', `etcd-v3.5.21-linux-${arch}`);
    await mkdir(tree, { recursive: true });
    const output = join(this.path, 'etcd');
    const [built] = await build(createContext(), etcd, { arches: [arch], output, profile: 'fast' });
    await execa('unsquashfs', ['-quiet', '-no-progress', '-dest', join(output, 'tree'), built!.image]);
    for (const name of ['etcd', 'etcdctl', 'etcdutl'])
      await cp(join(output, 'tree', 'usr', 'bin', name), join(tree, name));
    await writeFile(join(tree, 'README.md'), 'etcd\n');
    const tarball = join(this.path, 'etcd.tar.gz');
    await execa('tar', [
      '--owner=0',
      '--group=0',
      '--sort=name',
      '-czf',
      tarball,
      '-C',
      join(this.path, 'release'),
      `etcd-v3.5.21-linux-${arch}`,
    ]);
    return tarball;
  }

  /** An uncompressed tarball of one program of the given size, which does not compress. */
  async payload(name: string, size: number): Promise<string> {
    const program = join(this.path, name);
    const file = await open(program, 'w');
    await file.writeFile(tinyElf(arch));
    const block = noise(1024 * 1024);
    for (let written = 0; written < size; written += block.length) {
      block.writeUInt32LE(written / block.length, 0);
      await file.writeFile(block);
    }
    await file.close();
    const tarball = `${program}.tar`;
    await execa('tar', ['-cf', tarball, '-C', this.path, name]);
    await rm(program);
    return tarball;
  }

  /** Writes an extension whose only source is a tarball, with etcd's static files if wanted. */
  async extension(
    name: string,
    tarball: string,
    {
      strip,
      programs,
      files,
    }: { readonly strip: number; readonly programs: readonly string[]; readonly files?: string },
  ): Promise<string> {
    const directory = join(this.path, 'extensions', name);
    await mkdir(directory, { recursive: true });
    if (files !== undefined) await cp(files, join(directory, 'files'), { recursive: true });
    const url = `https://bench.example/${name}${tarball.endsWith('.gz') ? '.tar.gz' : '.tar'}`;
    const recipe = {
      name,
      summary: 'What the benchmark builds',
      homepage: 'https://bench.example/',
      licence: 'Apache-2.0',
      versions: { from: 'github-releases', repo: 'bench/bench' },
      sources: [
        {
          kind: 'release',
          downloads: [{ url, strip, take: Object.fromEntries(programs.map((each) => [each, '/usr/bin/'])) }],
        },
      ],
      ...(files === undefined ? {} : { services: etcd.services, allow: etcd.allow }),
    };
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name, version: '1.0.0', type: 'module' }));
    await writeFile(
      join(directory, 'extension.ts'),
      `import { defineExtension } from '@sysext/core';\nexport default defineExtension(import.meta.dirname, ${JSON.stringify(recipe)});\n`,
    );
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(tarball)) hash.update(chunk as Buffer);
    const pin = { sha256: hash.digest('hex'), size: (await stat(tarball)).size, checked: 'bench' };
    const lock = { schema: 1, default: 'v1', versions: { v1: { revision: 0, downloads: { [url]: pin } } } };
    await writeFile(join(directory, 'extension.lock.json'), JSON.stringify(lock));
    return directory;
  }

  /** Runs `sysext build` as a process of its own, with a cache; returns the image. */
  async sysextBuild(directory: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { stdout } = await execa(process.execPath, [command, 'build', directory, '--arch', arch, ...args], {
      cwd: this.path,
      env: { SYSEXT_CACHE: join(this.path, 'cache'), ...env },
    });
    return stdout;
  }

  /** Peak resident memory of our own process in a `sysext build`, in bytes. */
  async peakMemory(directory: string, args: readonly string[], env: Record<string, string>): Promise<number> {
    const report = join(this.path, 'peak');
    const hook = `data:text/javascript,import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS)));`;
    await this.sysextBuild(directory, args, { ...env, NODE_OPTIONS: `--import=${encodeURI(hook)}` });
    return Number(await readFile(report, 'utf8')) * 1024;
  }
}
