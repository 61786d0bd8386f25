import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FakeArchive,
  type FakePackage,
  type FakeUpstream,
  deb,
  elfImage,
  startUpstream,
  temporaryDirectory,
} from '@sysext/testing';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const packages = join(import.meta.dirname, '..', '..');
const page = join(packages, '..', 'docs', 'upkeep.md');

test('docs/upkeep.md says what works, in its order, and what it answers', { timeout: 60_000 }, async () => {
  await using upstream = await startUpstream();
  await using work = await temporaryDirectory();
  await makeWorkspace(work.path);
  publish(upstream);
  const archive = await FakeArchive.start(upstream, work.path);
  const sysext = `sysext() { "${process.execPath}" "${join(packages, 'cli', 'sysext.mjs')}" "$@"; }`;
  const run = async (commands: string): Promise<string> =>
    (
      await execa('sh', ['-euc', `exec 2>&1\n${sysext}\n${commands}`], {
        cwd: work.path,
        extendEnv: false,
        env: {
          PATH: process.env['PATH']!,
          HOME: work.path,
          SYSEXT_CACHE: join(work.path, 'cache'),
          ...archive.env,
          SYSEXT_MIRRORS: `https://api.github.com/=${upstream.url}/api/ https://github.com/=${upstream.url}/`,
        },
      })
    ).stdout;

  let shown = '';
  let asked = 0;
  for (const part of (await readFile(page, 'utf8')).split(/^(```sh\n[^`]*```\n\n```text\n[^`]*```\n)/m)) {
    const commands = /^```sh\n([^`]*)```/.exec(part)?.[1];
    if (commands === undefined) {
      shown += part;
      continue;
    }
    // The second time, one of the upstreams has moved away.
    if (++asked === 2) upstream.remove('/api/repos/etcd-io/etcd/releases?per_page=100');
    if (asked === 3) await fixHaproxy(work.path, archive);
    shown += `\`\`\`sh\n${commands}\`\`\`\n\n\`\`\`text\n${await run(commands)}\n\`\`\`\n`;
  }
  expect(asked).toBe(7);
  await expect(shown).toMatchFileSnapshot(page);
});

/** A checkout with two extensions, locked some time ago. */
async function makeWorkspace(root: string): Promise<void> {
  await mkdir(join(root, 'node_modules', '@sysext'), { recursive: true });
  await symlink(join(packages, 'core'), join(root, 'node_modules', '@sysext', 'core'));
  await mkdir(join(root, '.changeset'));
  await writeFile(join(root, '.changeset', 'config.json'), '{}');
  const extensions = {
    containerd: {
      fields: `
        series: '^v(\\\\d+\\\\.\\\\d+)\\\\.',
        companions: { runc: { ...program('opencontainers/runc', 'runc'), follow: 'newest' } },
        ...program('containerd/containerd', 'containerd'),`,
      versions: { 'v2.1.1': { companions: { runc: 'v1.3.0' } }, 'v2.0.5': { companions: { runc: 'v1.3.0' } } },
    },
    etcd: { fields: `...program('etcd-io/etcd', 'etcd'),`, versions: { 'v3.5.21': {} } },
  };
  for (const [name, { fields, versions }] of Object.entries(extensions)) {
    const directory = join(root, 'packages', 'extensions', name);
    await mkdir(join(directory, 'butane'), { recursive: true });
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: `@sysext/${name}`, type: 'module' }));
    await writeFile(join(directory, 'butane', `${name}.yaml`), '');
    await writeFile(
      join(directory, 'extension.ts'),
      `import { defineExtension } from '@sysext/core';
      const program = (repo, name) => ({
        versions: { from: 'github-releases', repo },
        sources: [{
          kind: 'release',
          downloads: [{
            url: \`https://github.com/\${repo}/releases/download/{version}/\${name}\`,
            take: \`/usr/bin/\${name}\`,
            verify: { sums: '{url}.sha256sum' },
          }],
        }],
      });
      export default defineExtension(import.meta.dirname, {
        name: '${name}', summary: 'A program for tests', homepage: 'https://demo.example/', licence: 'MIT', ${fields}
      });`,
    );
    const locked = Object.entries(versions).map(([version, more]) => [
      version,
      { revision: 0, downloads: {}, ...more },
    ]);
    const lock = { schema: 1, default: Object.keys(versions)[0], versions: Object.fromEntries(locked) };
    await writeFile(join(directory, 'extension.lock.json'), JSON.stringify(lock));
  }
}

/** One more extension, out of Debian; packages of it have got security fixes since. */
async function fixHaproxy(root: string, archive: FakeArchive): Promise<void> {
  const directory = join(root, 'packages', 'extensions', 'haproxy');
  await mkdir(directory);
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: '@sysext/haproxy', type: 'module' }));
  await writeFile(
    join(directory, 'extension.ts'),
    `import { defineExtension } from '@sysext/core';
    export default defineExtension(import.meta.dirname, {
      name: 'haproxy', summary: 'A program for tests', homepage: 'https://demo.example/', licence: 'MIT',
      versions: { from: 'debian', suite: 'trixie', package: 'haproxy' },
      sources: [{
        kind: 'debian', suite: 'trixie', packages: ['haproxy'], take: { 'usr/sbin/haproxy': '/usr/bin/' },
      }],
    });`,
  );
  const before = [...haproxy('3.0.11-1+deb13u4'), ...libc('2.41-12')];
  const pins = (wanted: FakePackage['arch']): object[] =>
    before
      .filter(({ arch }) => arch === wanted)
      .map((each) => ({
        path: FakeArchive.path(each),
        sha256: createHash('sha256').update(each.bytes).digest('hex'),
        size: each.bytes.length,
      }));
  const packages = { 'x86-64': pins('amd64'), arm64: pins('arm64') };
  const debian = { haproxy: { suite: 'trixie', timestamp: '20261121T091544Z', checked: 'for a test', packages } };
  const lock = { schema: 1, default: '3.0.11', versions: { '3.0.11': { revision: 0, downloads: {}, debian } } };
  await writeFile(join(directory, 'extension.lock.json'), JSON.stringify(lock));
  await archive.publish(before);
  await archive.publishFixes([...haproxy('3.0.11-1+deb13u5'), ...libc('2.41-12+deb13u1')]);
}

const loaders = { amd64: [62, 'ld-linux-x86-64.so.2'], arm64: [183, 'ld-linux-aarch64.so.1'] } as const;

const haproxy = (version: string): FakePackage[] =>
  made('haproxy', version, (loader) => [
    'usr/sbin/haproxy',
    { interpreter: `/lib64/${loader}`, needed: [loader], spare: 2, note: true },
  ]);
const libc = (version: string): FakePackage[] => made('libc6', version, (loader) => [`lib64/${loader}`, {}]);

/** A package for both architectures, with a file. */
function made(name: string, version: string, file: (loader: string) => [path: string, image: object]): FakePackage[] {
  return (['amd64', 'arm64'] as const).map((arch) => {
    const [machine, loader] = loaders[arch];
    const [path, image] = file(loader);
    const content = elfImage({ machine, type: 3, ...image });
    const bytes = deb([
      { path, content },
      { path: 'usr/share/doc/version', content: version },
    ]);
    return { name, version, arch, bytes, fields: name === 'libc6' ? {} : { Depends: 'libc6' } };
  });
}

/** What upstreams have released since. */
function publish(upstream: FakeUpstream): void {
  const releases = {
    'containerd/containerd': { 'v2.2.0': '2025-11-06', 'v2.1.5': '2025-11-05', 'v2.0.7': '2025-11-05' },
    'opencontainers/runc': { 'v1.3.3': '2025-11-05', 'v1.3.1': '2025-09-04' },
    'etcd-io/etcd': { 'v3.5.24': '2025-10-21', 'v3.5$(id)': '2025-10-21' },
  };
  for (const [repo, versions] of Object.entries(releases)) {
    const entries = Object.entries(versions);
    const list = entries.map(([tag, day]) => ({
      tag_name: tag,
      draft: false,
      prerelease: false,
      published_at: `${day}T12:00:00Z`,
      assets: [],
    }));
    upstream.put(`/api/repos/${repo}/releases?per_page=100`, JSON.stringify(list));
    for (const [tag] of entries) {
      const path = `/${repo}/releases/download/${tag}/${repo.split('/')[1]}`;
      upstream.put(path, `${repo} ${tag}`);
      upstream.put(`${path}.sha256sum`, createHash('sha256').update(`${repo} ${tag}`).digest('hex'));
    }
  }
}
