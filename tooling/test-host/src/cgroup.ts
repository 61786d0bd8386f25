import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOrphaned, ownedName } from './owner.ts';
import { until } from './wait.ts';

const prefix = 'sysext-test-host.';

/**
 * The directory below which this process may make control groups of the unified hierarchy: its
 * own control group's. Undefined when no cgroup2 file system that shows it is mounted.
 *
 * Works with a machine on cgroup v2 as well as with one that mounts v2 beside v1.
 */
export function cgroupBase(): string | undefined {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (own === undefined) return undefined;
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // proc_pid_mountinfo(5): id, parent, device, root, mount point, …, "-", type, …
    const [, , , root, mountPoint] = line.split(' ');
    if (!line.includes(' - cgroup2 ') || root === undefined || mountPoint === undefined) continue;
    const shown = root === '/' ? '' : root;
    if (own === shown || own.startsWith(`${shown}/`)) return join(mountPoint, own.slice(shown.length));
  }
  return undefined;
}

/**
 * Makes a control group for one boot of a host. Each needs its own: systemd-nspawn
 * `--keep-unit` puts the host in `payload` below the group it is started in, so that two hosts
 * started in one group would share it.
 */
export async function createCgroup(label: string): Promise<string> {
  const base = cgroupBase();
  if (base === undefined) throw new Error('no cgroup2 file system is mounted');
  const path = join(base, prefix + ownedName(label));
  await mkdir(path);
  return path;
}

/** Removes a control group and all below it, after the end of every process in it. */
export async function removeCgroup(path: string): Promise<void> {
  await writeFile(join(path, 'cgroup.kill'), '1').catch(() => undefined);
  // The kernel takes a dead process out of its group a moment after reporting its end.
  const empty = await until({ timeout: 5000, interval: 5 }, async () => {
    const events = await readFile(join(path, 'cgroup.events'), 'utf8').catch(() => 'populated 0');
    return events.includes('populated 0') ? true : undefined;
  });
  if (empty === undefined) throw new Error(`processes in ${path} do not end`);
  await removeTree(path);
}

async function removeTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Removes the control groups that killed test processes left. */
export async function sweepCgroups(): Promise<void> {
  const base = cgroupBase();
  if (base === undefined) return;
  const orphans = (await readdir(base)).filter(
    (name) => name.startsWith(prefix) && isOrphaned(name.slice(prefix.length)),
  );
  await Promise.all(orphans.map((name) => removeCgroup(join(base, name))));
}
