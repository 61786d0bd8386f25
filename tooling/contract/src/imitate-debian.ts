import { createHash } from 'node:crypto';
import type { Arch, LockedVersion, Source } from '@sysext/core';
import { type ArchiveMember, deb, elfImage, tinyElf } from '@sysext/testing';
import { nameLike } from './imitate.ts';

const machines = { 'x86-64': 62, arm64: 183 } as const;
const loaders = { 'x86-64': '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' } as const;
const triplets = { 'x86-64': 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;

type DebianSource = Extract<Source, { kind: 'debian' }>;
type DebianPins = NonNullable<LockedVersion['debian']>[string];
type DebianPin = NonNullable<DebianPins['packages'][Arch]>[number];

const timestamp = '20260101T000000Z';

/**
 * Packages of the shape that a recipe expects of Debian: every member that "take" names, in the first of them, and a
 * glibc, as a security fix. Programs are ELF files that ask for its loader; nothing in them runs.
 *
 * @returns pins, and the packages by archive and path: `debian/pool/…`.
 */
export function imitateDebian(
  source: DebianSource,
  arches: readonly Arch[],
): { readonly pins: DebianPins; readonly files: ReadonlyMap<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const packages: DebianPins['packages'] = {};
  for (const arch of arches) {
    const [first, ...others] = source.packages;
    const members = Object.entries(source.take).map(([pattern, placement]): ArchiveMember => {
      const path = nameLike(pattern.replaceAll('{arch}', triplets[arch]));
      const to = typeof placement === 'string' ? placement : placement.to;
      if (/\.so[\d.]*$/.test(path))
        return { path, content: elf(arch, { type: 3, needed: ['libc.so.6'] }), mode: 0o644 };
      return to.startsWith('/usr/bin/')
        ? { path, content: program(arch) }
        : { path, content: `${path}\n`, mode: 0o644 };
    });
    const libc = [
      { path: `usr${loaders[arch]}`, content: elf(arch, { type: 3, soname: loaders[arch].split('/').at(-1)! }) },
      {
        path: `usr/lib/${triplets[arch]}/libc.so.6`,
        content: elf(arch, { type: 3, soname: 'libc.so.6', needed: [loaders[arch].split('/').at(-1)!] }),
      },
    ];
    const debs = [[first!, members] as const, ...others.map((name) => [name, []] as const)];
    const pin = (name: string, content: readonly ArchiveMember[], archive: string): DebianPin => {
      const bytes = deb([{ path: 'usr/share/doc/README', content: tinyElf(arch, name), mode: 0o644 }, ...content]);
      const path = `pool/main/x/${name}_1_${arch}.deb`;
      files.set(`${archive}/${path}`, bytes);
      return { path, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
    };
    packages[arch] = [
      ...debs.map(([name, content]) => pin(name, content, 'debian')),
      { ...pin('libc6', libc, 'debian-security'), security: timestamp },
    ];
  }
  return { pins: { suite: source.suite, timestamp, checked: 'contract', packages }, files };
}

function elf(arch: Arch, image: Parameters<typeof elfImage>[0]): Buffer {
  return elfImage({ machine: machines[arch], ...image });
}

function program(arch: Arch): Buffer {
  return elf(arch, { interpreter: loaders[arch], needed: ['libc.so.6'], spare: 5, note: true });
}
