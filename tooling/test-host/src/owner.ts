import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tool } from './tool.ts';

/**
 * A name for something this process leaves on the machine (a directory, a control group), from
 * which any later process can tell whether its owner is still there: pid namespace, process
 * id and start time, so that a process that got the same id later does not count.
 */
export function ownedName(label: string): string {
  return [pidNamespace(), process.pid, startTime(process.pid), randomBytes(3).toString('hex'), label].join('.');
}

/**
 * Whether `name` was made by {@link ownedName} in a process that has ended since.
 *
 * False for names from another pid namespace (a container that shares the cache): nothing can
 * be known about them from here.
 */
export function isOrphaned(name: string): boolean {
  const [namespace, pid, start] = name.split('.');
  if (namespace !== pidNamespace() || pid === undefined || start === undefined) return false;
  return startTime(Number(pid)) !== start;
}

/** Removes what ended processes left in `directory` under an {@link ownedName}. */
export async function sweep(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const orphans = names.filter(isOrphaned);
  await Promise.all(orphans.map((name) => removeTree(join(directory, name))));
}

/** Removes a directory and all in it, but nothing that something else mounted there. */
export async function removeTree(path: string): Promise<void> {
  await tool('rm', ['--recursive', '--force', '--one-file-system', '--', path]);
}

function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
}

/** Field 22 of proc_pid_stat(5), in clock ticks since boot; undefined without such a process. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
