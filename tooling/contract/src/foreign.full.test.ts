import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { build, createContext, machineArch, programsOf, readLock } from '@sysext/core';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { loadExtensions } from './extensions.ts';

/** The architecture that this machine is not, and what runs its programs here (Debian's qemu-user). */
const [arch, emulator] = machineArch() === 'arm64' ? ['x86-64', 'qemu-x86_64'] : ['arm64', 'qemu-aarch64'];

/** What says its version, in the extensions whose programs bring a loader and libraries of their own. */
const commands: Record<string, string[]> = {
  bird: ['bird', '--version'],
  btop: ['btop', '--version'],
  chrony: ['chronyd', '--version'],
  haproxy: ['haproxy', '-v'],
  keepalived: ['keepalived', '--version'],
  tilde: ['tilde', '--version'],
};

const extensions = (await loadExtensions())
  .map((module) => module.default)
  .filter((extension) =>
    programsOf(extension).every(([, { sources }]) => sources.every(({ kind }) => kind === 'debian')),
  );

describe(`${arch} programs with their own libraries, emulated`, () => {
  test.each(extensions)('$name says its version', { timeout: 120_000 }, async (extension) => {
    await using work = await temporaryDirectory();
    const [built] = await build(createContext({}), extension, {
      arches: [arch as 'arm64'],
      output: work.path,
      profile: 'fast',
    });
    const root = join(work.path, 'root');
    await execa('unsquashfs', ['-no-progress', '-quiet', '-dest', root, built!.image]);
    // Where tmpfiles.d links them to: links of a root that is none for the kernel would lead out of it.
    await cp(join(root, 'usr', 'share'), join(root, 'etc'), { recursive: true });
    const [program, ...options] = commands[extension.name]!;
    // Absolute names of loader and libraries are looked for below the root first, as if it were merged.
    const said = await execa(emulator, ['-L', root, join(root, 'usr', 'bin', program!), ...options]);
    expect(said.stdout + said.stderr).toContain((await readLock(extension.directory)).default);
  });
});
