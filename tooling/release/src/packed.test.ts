import { chmod, chown, copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineArch } from '@sysext/core';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const repository = join(import.meta.dirname, '..', '..', '..');
const compiler = join(repository, 'node_modules', '.bin', 'tsc');

/**
 * What somebody gets who depends on one extension package: installed from packed tarballs into an
 * empty project, with npm, by the Node.js that runs this test.
 */
describe('an empty project whose only dependency is @sysext/etcd', { timeout: 600_000 }, () => {
  let project: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeAll(async () => {
    project = await temporaryDirectory();
    const tarballs = join(project.path, 'tarballs');
    await mkdir(tarballs);
    for (const path of ['core', 'cli', 'extensions/etcd']) {
      await execa('pnpm', ['pack', '--pack-destination', tarballs], { cwd: join(repository, 'packages', path) });
    }
    const names = await readdir(tarballs);
    const tarball = (name: string): string =>
      `file:${join(
        'tarballs',
        names.find((file) => file.startsWith(`sysext-${name}-`))!,
      )}`;
    const manifest = {
      name: 'empty',
      private: true,
      type: 'module',
      dependencies: { '@sysext/etcd': tarball('etcd') },
      // They are not on a registry yet.
      overrides: { '@sysext/core': tarball('core'), '@sysext/cli': tarball('cli') },
    };
    await writeFile(join(project.path, 'package.json'), JSON.stringify(manifest));
    await execa('npm', ['install', '--no-audit', '--no-fund'], { cwd: project.path });
  }, 300_000);

  afterAll(async () => await project[Symbol.asyncDispose]());

  test('npx sysext-etcd builds the image', async () => {
    const args = ['sysext-etcd', 'build', '-v', 'v3.5.21', '-a', 'arm64', '-o', 'out', '--profile', 'fast'];
    const { stdout } = await execa('npx', ['--no-install', ...args], { cwd: project.path });
    expect(stdout).toBe('out/etcd-v3.5.21-arm64.raw');
    expect(await readdir(join(project.path, 'out'))).toEqual(['etcd-v3.5.21-arm64.json', 'etcd-v3.5.21-arm64.raw']);
  });

  /**
   * Everything that must not show in an image is different from the build in the checkout: path,
   * compiled or not, user, umask, time zone, locale, temporary directory, caches; and another
   * build runs beside it. Whatever comes from Go is compiled anew.
   */
  test('the image is the same, byte for byte, wherever and by whomever it is built', async () => {
    await using other = await temporaryDirectory();
    await chmod(other.path, 0o777);
    await chmod(project.path, 0o755);
    const node = join(other.path, 'node');
    await copyFile(process.execPath, node);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const build = async (arch: string): Promise<string> => {
      const home = join(other.path, arch);
      await mkdir(join(home, 'tmp'), { recursive: true });
      for (const path of [home, join(home, 'tmp')])
        await chown(path, nobody.uid ?? process.getuid!(), nobody.gid ?? process.getgid!());
      const bin = join(project.path, 'node_modules', '@sysext', 'etcd', 'bin.js');
      const { stdout } = await execa(
        'sh',
        ['-c', 'umask 077; exec "$@"', 'sh', node, bin, 'build', '-v', 'v3.5.21', '-a', arch, '-o', join(home, 'out')],
        {
          ...nobody,
          cwd: home,
          env: {
            PATH: process.env['PATH']!,
            HOME: home,
            TMPDIR: join(home, 'tmp'),
            TZ: 'Pacific/Kiritimati',
            LC_ALL: 'tr_TR.UTF-8',
          },
          extendEnv: false,
        },
      );
      return stdout;
    };
    const [mine, theirs] = machineArch() === 'arm64' ? ['arm64', 'x86-64'] : ['x86-64', 'arm64'];
    const [image] = await Promise.all([build(mine), build(theirs)]);
    const dist = join(repository, 'packages', 'extensions', 'etcd', 'dist', `etcd-v3.5.21-${mine}`);
    expect((await readFile(image)).equals(await readFile(`${dist}.raw`))).toBe(true);
    expect(await readFile(image.replace(/raw$/, 'json'), 'utf8')).toBe(await readFile(`${dist}.json`, 'utf8'));
  });

  test('import gives the recipe', async () => {
    const program = "import etcd from '@sysext/etcd'; console.log(etcd.name, etcd.services['etcd.service'].start)";
    const { stdout } = await execa('node', ['--input-type=module', '--eval', program], { cwd: project.path });
    expect(stdout).toBe('etcd manual');
  });

  test('and the recipe is typed', async () => {
    const check = async (program: string): Promise<string> => {
      await writeFile(join(project.path, 'use.ts'), program);
      const types = ['--types', 'node', '--typeRoots', join(repository, 'node_modules', '@types')];
      const options = [
        '--ignoreConfig',
        '--noEmit',
        '--strict',
        '--target',
        'es2024',
        '--module',
        'nodenext',
        ...types,
      ];
      return (await execa(compiler, [...options, 'use.ts'], { cwd: project.path, reject: false })).stdout;
    };
    expect(await check("import etcd from '@sysext/etcd';\nexport const name: string = etcd.name;\n")).toBe('');
    expect(await check("import etcd from '@sysext/etcd';\nexport const name: number = etcd.name;\n")).toContain(
      'TS2322',
    );
  });
});
