import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Cache, type Extension, build, machineArch, programsAt, readLock, selectVersion } from '@sysext/core';
import { type Payload, buildPayload } from '@sysext/payload';
import { type Host, type HostFiles, bootHost, describeHost } from '@sysext/test-host';
import { sayingElf, startUpstream, temporaryDirectory } from '@sysext/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { combinationsOf } from './combinations.ts';
import { loadExtensions } from './extensions.ts';
import { imitatedContext, imitatedCopy } from './imitated.ts';
import { imitateUpstream } from './upstream.ts';

const arch = machineArch()!;
const extensions = (await loadExtensions())
  .map((module) => module.default)
  .filter(({ architectures }) => architectures.includes(arch));

const dropIn = (unit: string, text: string): HostFiles => ({
  [`/etc/systemd/system/${unit}.d/test.conf`]: `[Service]\n${text}\n`,
});
const settings: HostFiles = {
  // CRI-O tells systemd when it is ready, its stand-in does not.
  ...dropIn('crio.service', 'Type=exec'),
  // The hosts' clock is this machine's: nobody is to set it.
  ...dropIn('chronyd.service', 'Environment=OPTIONS=-x'),
};

describeHost('the whole catalogue', () => {
  const stack = new AsyncDisposableStack();
  const images = new Map<Extension, string>();

  // Compiling all of it for the first time takes long.
  beforeAll(async () => {
    const { path } = stack.use(await temporaryDirectory());
    for (const extension of extensions) {
      const payload = await payloadOf(extension);
      images.set(
        extension,
        await (payload === undefined ? buildStandIn(extension, path) : buildPayload(payload, path)),
      );
    }
  }, 3_600_000);
  afterAll(async () => await stack.disposeAsync());

  const combinations = combinationsOf(extensions).map((set) => {
    const others = extensions.filter((extension) => !set.includes(extension));
    return { set, size: set.length, others: others.map(({ name }) => name).join(', ') };
  });
  describe.each(combinations)('$size extensions together, without $others', ({ set }) => {
    test('boots, runs, and does so again', { timeout: 300_000 }, async () => {
      await using host = await bootHost({
        images: Object.fromEntries(set.map((extension) => [extension.name, images.get(extension)!])),
        files: settings,
      });
      await runs(host, set);
      await host.reboot();
      await runs(host, set);
    });

    test('is merged on a running host', { timeout: 300_000 }, async () => {
      const staged = set.map((extension) => [
        `/var/lib/staged/${extension.name}.raw`,
        { from: images.get(extension)! },
      ]);
      await using host = await bootHost({ files: { ...settings, ...(Object.fromEntries(staged) as HostFiles) } });
      await host.run(['mv', '/var/lib/staged', '/var/lib/extensions']);
      await host.run(['systemd-sysext', 'refresh']);
      await runs(host, set);
    });
  });
});

/** Every image is merged, and what they start is up, was never restarted, and nothing failed. */
async function runs(host: Host, set: readonly Extension[]): Promise<void> {
  const { stdout } = await host.run(['systemd-sysext', 'status', '--json=short']);
  const status = JSON.parse(stdout) as { hierarchy: string; extensions: string[] | string }[];
  const merged = status.find(({ hierarchy }) => hierarchy === '/usr')!.extensions;
  expect(merged).toEqual(set.map(({ name }) => name).toSorted());

  const started = set.flatMap(({ services = {} }) =>
    Object.entries(services).flatMap(([unit, { start }]) => (start === 'on-merge' ? [unit] : [])),
  );
  expect(started).not.toEqual([]);
  for (const unit of started) await host.waitForUnit(unit);
  const show = await host.run(['systemctl', 'show', '--property=Id,ActiveState,NRestarts', ...started]);
  expect(show.stdout).not.toMatch(/^NRestarts=[^0]/m);
  const setups = set.map(({ name }) => `${name}-setup.service`);
  const made = await host.run(['systemctl', 'show', '--property=Id,LoadState,ActiveState', ...setups]);
  for (const unit of made.stdout.split('\n\n').filter((each) => each.includes('LoadState=loaded'))) {
    expect(unit).toContain('ActiveState=active');
  }
  const failed = await host.run(['systemctl', 'list-units', '--failed', '--plain', '--no-legend']);
  expect(failed.stdout).toBe('');
}

/** How its real programs are had without a release host, if they are. */
async function payloadOf(extension: Extension): Promise<Payload | undefined> {
  const file = join(extension.directory, 'test', 'payload.ts');
  const own = await access(file).then(
    () => true,
    () => false,
  );
  if (own) return ((await import(pathToFileURL(file).href)) as { payload: Payload }).payload;
  const { version, locked } = selectVersion(extension, await readLock(extension.directory), undefined);
  const programs = programsAt(extension, version, locked.companions);
  const real = programs.every(({ sources }) => sources.some(({ kind }) => kind !== 'release'));
  return real ? { extension } : undefined;
}

/** Its image with programs that do nothing until they are stopped. */
async function buildStandIn(extension: Extension, path: string): Promise<string> {
  await using upstream = await startUpstream();
  const lock = await imitateUpstream(upstream, extension, { makeProgram: () => sayingElf(arch, '', 'stay') });
  const copy = await imitatedCopy(extension, lock, path);
  const context = imitatedContext(upstream, [extension], { cache: new Cache(join(path, 'cache')) });
  const [built] = await build(context, copy, { arches: [arch], output: path, profile: 'fast' });
  return built!.image;
}
