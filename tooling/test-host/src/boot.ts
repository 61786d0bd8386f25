import { sweepCgroups } from './cgroup.ts';
import { Disk, type HostFiles, type HostImages, sweepDisks } from './disk.ts';
import type { Release } from './flatcar.ts';
import { Host, type BootState } from './host.ts';
import type { Network } from './network.ts';
import { hostTestsPossible } from './possible.ts';
import { ensureRootfs } from './rootfs.ts';

export interface HostOptions {
  /** Its host name, by which others on its network find it; `host1`, `host2`, … unless given. */
  readonly name?: string;
  /** Images that are merged when it boots. */
  readonly images?: HostImages;
  /** Files on its disk when it boots for the first time; not below `/usr`, and none that a boot starts empty. */
  readonly files?: HostFiles;
  /**
   * Writes to its disk, mounted at `root`, before its first boot, as an installer does: after `images` and `files`,
   * and without a `/usr`. The boot is then one of a machine that was never on: without an identity, and with presets
   * applied to its units.
   */
  readonly prepare?: (root: string) => Promise<void>;
  /** The network it is on; only loopback unless given. */
  readonly network?: Network;
  /** Debian suite it is made of. */
  readonly release?: Release;
  /**
   * The state its boots are to end in, `running` unless given: no unit has failed. With
   * `degraded`, at least one must have failed.
   */
  readonly expect?: BootState;
}

let named = 0;
let swept: Promise<unknown> | undefined;

/**
 * Boots a host that was never on and resolves when systemd has finished booting: images are
 * merged and `multi-user.target` is reached.
 *
 * Everything of it is gone when it is disposed: processes, mounts, loop devices, its disk. When
 * this process is killed, the kernel removes all but the disk and empty control groups, which
 * the next boot on this machine does.
 *
 * @throws Error when it cannot be booted, or boots to another state than the one expected, with
 * the reason, the units that failed and what they logged. Nothing of it is left then.
 */
export async function bootHost(options: HostOptions = {}): Promise<Host> {
  const impossible = hostTestsPossible();
  if (impossible !== undefined) throw new Error(`cannot boot a host here: ${impossible}`);
  const { name = `host${++named}`, images = {}, files = {}, release = 'trixie', expect = 'running' } = options;
  const { network, prepare } = options;
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) throw new Error(`not a host name: ${name}`);

  network?.join(name);
  let disk: Disk | undefined;
  let host: Host | undefined;
  try {
    const rootfs = await ensureRootfs(release);
    await (swept ??= Promise.all([sweepCgroups(), sweepDisks()]));
    const made = (disk = await Disk.create(rootfs, name));
    await made.putImages(images);
    for (const [path, file] of Object.entries(files)) await made.put(path, file);
    if (prepare !== undefined) {
      await made.forgetIdentity();
      await prepare(made.root);
    }
    await network?.introduce(name, (lines) => made.append('/etc/hosts', lines));
    host = new Host({ name, disk, rootfs, network, expect });
    await host.boot();
    return host;
  } catch (error) {
    if (host === undefined) network?.leave(name);
    await (host ?? disk)?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** Hosts that are disposed together. */
export type Hosts = readonly Host[] & AsyncDisposable;

/**
 * Boots several hosts at once. When one does not boot, none is left.
 *
 * @throws what {@link bootHost} throws for the first that fails, when the others have ended.
 */
export async function bootHosts(options: readonly HostOptions[]): Promise<Hosts> {
  const results = await Promise.allSettled(options.map(bootHost));
  const hosts = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const dispose = async () => void (await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]())));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await dispose();
    throw failed.reason;
  }
  return Object.assign(hosts, { [Symbol.asyncDispose]: dispose });
}
