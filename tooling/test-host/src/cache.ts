import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where root file systems and the disks of running hosts are kept: `test-host` in
 * `$SYSEXT_CACHE`, or in `sysext` of the user's cache directory. Must be on a disk if what
 * hosts sync to it shall reach one.
 */
export function cacheDirectory(): string {
  const { SYSEXT_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  return join(own || join(xdg || join(homedir(), '.cache'), 'sysext'), 'test-host');
}
