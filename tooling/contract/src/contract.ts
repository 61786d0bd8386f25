import { access, glob, readFile, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type Arch,
  BuildRecord,
  type BuiltImage,
  type ButaneDocument,
  type ButaneFragment,
  Cache,
  type Context,
  type Extension,
  type SysextEvent,
  build,
  butaneVersions,
  composeButane,
  exampleFragment,
  goDirectory,
  machineArch,
  openImage,
  programsAt,
  renderButane,
  renderPaths,
  renderTransfer,
  resolveDownloads,
} from '@sysext/core';
import { bootHost, describeHost } from '@sysext/test-host';
import { describeIgnition, transpile, validate } from '@sysext/ignition';
import { type FakeUpstream, startUpstream, temporaryDirectory } from '@sysext/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ExtensionModule, loadExtension, root } from './extensions.ts';
import { imitatedContext, imitatedCopy } from './imitated.ts';
import { imitateUpstream } from './upstream.ts';

/** What a recipe's modules may import: nothing of it can start a program, or read or write a file. */
const harmless = new Set(['@sysext/core', 'node:net', 'node:path/posix', 'zod']);

/** What every extension owes, whatever it is. */
export function describeExtension(module: ExtensionModule): void {
  const { default: extension, lock } = module;
  const { name } = extension;
  const offered = extension.architectures;

  test('is a package like every other', async () => {
    const manifest = JSON.parse(await readFile(join(extension.directory, 'package.json'), 'utf8')) as object;
    const command = `sysext-${name}`;
    expect(manifest).toMatchObject({
      name: `@sysext/${name}`,
      type: 'module',
      engines: { node: '>=22.18' },
      bin: { [command]: './bin.ts' },
      exports: { '.': './extension.ts' },
      files: ['*.js', '*.d.ts', 'extension.lock.json', 'files', 'go', 'sysupdate', 'butane'],
      scripts: { build: 'node bin.ts build' },
      publishConfig: { access: 'public', bin: { [command]: './bin.js' }, exports: { '.': './extension.js' } },
    });
    expect(extension.directory).toBe(join(root, name));
  });

  test('says what it is, how it starts, what it needs and what it conflicts with', async () => {
    const readme = await readFile(join(extension.directory, 'README.md'), 'utf8');
    const { services = {}, requires = [], conflicts = [] } = extension;
    const owed = ['## Deploy', ...Object.keys(services), ...requires, ...conflicts];
    expect(owed.filter((each) => !readme.includes(each))).toEqual([]);
    expect(readme.startsWith(`# @sysext/${name}\n`)).toBe(true);
    expect(readme).toContain(`npx sysext-${name} build --version ${lock.default} `);
  });

  test('has no script: its modules start nothing, and its files are not run', async () => {
    const imports = new Set<string>();
    for (const source of await ownModules(extension.directory)) {
      expect(source).not.toMatch(/^#!|\bimport\(|\brequire\(|\beval\(|\bprocess\./);
      for (const name of importsOf(source)) if (!name.startsWith('./')) imports.add(name);
    }
    expect([...imports].filter((name) => !harmless.has(name))).toEqual([]);

    for (const path of await staticFiles(extension.directory)) {
      expect((await stat(path)).mode & 0o111, `${path} can be executed`).toBe(0);
      expect((await readFile(path, 'latin1')).startsWith('#!'), `${path} names an interpreter`).toBe(false);
    }
  });

  test('is a recipe of 60 lines at most', async () => {
    const lines = (await readFile(join(extension.directory, 'extension.ts'), 'utf8')).split('\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.length - 1).toBeLessThanOrEqual(60);
  });

  test('pins every version it names, for every architecture, in every source', async () => {
    expect(Object.keys(lock.versions)).toContain(lock.default);
    for (const [version, locked] of Object.entries(lock.versions)) {
      for (const planned of programsAt(extension, version, locked.companions)) {
        for (const source of planned.sources) {
          if (source.kind === 'goModules') {
            const directory = goDirectory(extension.directory, planned);
            expect(await readFile(join(directory, 'go.mod'), 'utf8')).toMatch(/^toolchain go1\.\d+/m);
            await access(join(directory, 'go.sum'));
            continue;
          }
          if (source.kind === 'debian') {
            const { suite, packages } = locked.debian![planned.name]!;
            expect(suite).toBe(source.suite);
            expect(Object.keys(packages)).toEqual(offered);
            continue;
          }
          for (const { urls } of offered.flatMap((arch) => resolveDownloads(source, planned, arch))) {
            if (locked.unpinned?.[urls[0]] === undefined) {
              expect(locked.downloads).toHaveProperty([urls[0], 'sha256']);
            } else {
              // No digest is known, and none is invented: a person is told what to type.
              const readme = await readFile(join(extension.directory, 'README.md'), 'utf8');
              expect(readme).toContain(`sysext lock ${name} ${version}`);
            }
          }
        }
      }
    }
  });

  test.each(['transfer', 'conf'])('shows the .%s that hosts follow it by', async (suffix) => {
    const text = renderTransfer(name, { baseUrl: 'https://sysext.example/', verify: true });
    await expect(text).toMatchFileSnapshot(join(extension.directory, 'sysupdate', `${name}.${suffix}`));
  });

  test('shows a Butane document that deploys it', async () => {
    const shown = join(extension.directory, 'butane', `${name}.yaml`);
    await expect(renderButane(await exampleDocument())).toMatchFileSnapshot(shown);
  });

  describeIgnition('by the real Butane and Ignition', () => {
    test.each(butaneVersions)('its document of version %s is in order', async (version) => {
      await validate(await transpile(renderButane(await exampleDocument(), { version })));
    });
  });

  async function exampleDocument(): Promise<ButaneDocument> {
    return composeButane(await Promise.all((await beside(module)).map(exampleOf)));
  }

  describe('from a fake upstream', () => {
    let upstream: FakeUpstream;
    let work: Awaited<ReturnType<typeof temporaryDirectory>>;
    let copy: Extension;
    const warnings: SysextEvent[] = [];

    beforeEach(async () => {
      upstream = await startUpstream();
      work = await temporaryDirectory();
      copy = await imitatedCopy(extension, await imitateUpstream(upstream, extension), work.path);
    });
    afterEach(async () => {
      await upstream[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
    });

    function context(): Context {
      return imitatedContext(upstream, [extension], {
        cache: new Cache(join(work.path, 'cache')),
        onEvent: (event) => event.type === 'warning' && warnings.push(event),
      });
    }

    async function make(output: string, arches: readonly Arch[], from = copy): Promise<BuiltImage[]> {
      return await build(context(), from, {
        arches,
        output: join(work.path, output),
        profile: 'fast',
      });
    }

    test.each(offered)(
      'builds for %s: lint finds no error, the record tells the truth, twice the same bytes',
      async (arch) => {
        const [built] = await make('out', [arch]);
        const [again] = await make('again', [arch]);
        const bytes = await readFile(built!.image);
        expect(bytes.equals(await readFile(again!.image))).toBe(true);
        expect(warnings).toEqual([]);

        const record = BuildRecord.parse(JSON.parse(await readFile(built!.recordFile, 'utf8')));
        expect(record.image.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(record.release).toMatchObject({ ID: 'flatcar', SYSEXT_LEVEL: '1.0', ARCHITECTURE: arch });
        expect(record.findings.filter(({ allowed }) => allowed === undefined)).toEqual([]);

        await using image = await openImage(context(), built!.image);
        expect(record.paths.map(({ path }) => path)).toEqual([...image.tree.keys()].map((path) => `/${path}`));
        // The same on every architecture; what is different there is inside the files.
        await expect(renderPaths(image.tree)).toMatchFileSnapshot(
          join(extension.directory, 'test', 'golden', 'tree.txt'),
        );
      },
    );

    const others = Object.keys(lock.versions).filter((version) => version !== lock.default);
    test.each(others)('builds at %s too', async (version) => {
      const imitated = await imitateUpstream(upstream, extension, { version });
      const built = await make('out', offered, await imitatedCopy(extension, imitated, join(work.path, version)));
      expect(built.map(({ record }) => record.version)).toEqual(offered.map(() => version));
      expect(warnings).toEqual([]);
    });

    describeHost('on a host', () => {
      test.runIf(offered.includes(machineArch()!))(
        'systemd finds its units in order, and users and directories are there',
        async () => {
          const [{ image }] = (await make('out', [machineArch()!])) as [BuiltImage];
          await using opened = await openImage(context(), image);
          const units = [...opened.tree.keys()].filter((path) =>
            /^usr\/lib\/systemd\/system\/[^/]+\.(service|socket|timer|path)$/.test(path),
          );
          await using host = await bootHost({ images: { [name]: image } });
          if (units.length > 0) {
            const verify = ['systemd-analyze', 'verify', '--man=no', '--recursive-errors=no'];
            expect(await host.run([...verify, ...units.map((path) => `/${path}`)], { check: false })).toMatchObject({
              stdout: '',
              stderr: '',
            });
          }
          // Content of an image in /opt would make it read-only.
          await host.run(['touch', '/opt/written']);
          if (units.some((path) => path.endsWith(`/${name}-setup.service`)))
            await host.waitForUnit(`${name}-setup.service`);
        },
      );
    });
  });
}

const importsOf = (source: string): string[] =>
  [...source.matchAll(/(?:^import|\bfrom) '([^']+)'/gm)].map(([, name]) => name!);

/** The text of `extension.ts`, and of all that it imports out of its own package. */
async function ownModules(directory: string): Promise<string[]> {
  const names = new Set(['./extension.ts']);
  const sources: string[] = [];
  for (const name of names) {
    const source = await readFile(join(directory, name), 'utf8');
    sources.push(source);
    for (const other of importsOf(source)) if (other.startsWith('./')) names.add(other);
  }
  return sources;
}

async function staticFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of glob('files/**', { cwd: directory, withFileTypes: true })) {
    if (entry.isFile()) paths.push(join(entry.parentPath, entry.name));
  }
  return paths;
}

/** An extension, and those that have to be there with it. */
async function beside(module: ExtensionModule): Promise<ExtensionModule[]> {
  const required = await Promise.all((module.default.requires ?? []).map(loadExtension));
  return [module, ...(await Promise.all(required.map(beside))).flat()];
}

async function exampleOf({ butane, lock }: ExtensionModule): Promise<ButaneFragment> {
  return await exampleFragment(butane, lock.default!);
}
