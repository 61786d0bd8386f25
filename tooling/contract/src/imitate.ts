import { zstdCompressSync } from 'node:zlib';
import type { Arch, ResolvedDownload } from '@sysext/core';
import { type ArchiveMember, deb, gzip, squashfs, tar, zip } from '@sysext/testing';
import { execa } from 'execa';

/** Makes a program that has a name, for an architecture. */
export type MakeProgram = (arch: Arch, name: string) => Buffer;

/**
 * A file of the shape that a recipe expects of upstream: every member that "take" names, below as
 * many directories as "strip" drops, beside some that nobody takes. What serves every machine is no program.
 */
export async function imitate(resolved: ResolvedDownload, arch: Arch, makeProgram: MakeProgram): Promise<Buffer> {
  const { download, format, fill, urls } = resolved;
  const forAll = !JSON.stringify(download.url).includes('{arch}');
  const program = (name: string): Buffer => (forAll ? Buffer.from(`${name}\n`) : makeProgram(arch, name));
  if (format === 'raw') return program(urls[0]);
  const top = 'top/'.repeat(download.strip ?? 0);
  const patterns = Object.keys(typeof download.take === 'string' ? {} : download.take);
  const members: ArchiveMember[] = patterns.map((pattern) => {
    const path = `${top}${nameLike(fill(pattern))}`;
    return { path, content: program(path) };
  });
  const installed = [{ path: `${top}README.md`, content: 'Nobody takes this.\n', mode: 0o644 }, ...members];
  const { packages } = download;
  const all = packages === undefined ? installed : [{ path: nameLike(fill(packages)), content: deb(installed) }];
  switch (format) {
    case 'zip':
      return zip(all);
    case 'tar':
      return tar(all);
    case 'tar.gz':
      return gzip(tar(all));
    case 'tar.xz':
      return await compress('xz', tar(all));
    case 'tar.bz2':
      return await compress('bzip2', tar(all));
    case 'tar.zst':
      return zstdCompressSync(tar(all));
    case 'squashfs':
      return await squashfs(tar(all));
  }
}

/** A name that a pattern matches. */
export function nameLike(pattern: string): string {
  const whole = pattern.endsWith('/') ? `${pattern}sample` : pattern;
  return whole.replaceAll('**/', 'deep/').replaceAll('**', 'deep/sample').replaceAll('*', 'sample');
}

async function compress(tool: string, bytes: Buffer): Promise<Buffer> {
  const { stdout } = await execa(tool, ['--stdout'], { input: bytes, encoding: 'buffer' });
  return Buffer.from(stdout);
}
