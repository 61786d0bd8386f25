import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDirectory } from './cache.ts';
import { cgroupBase } from './cgroup.ts';
import { rootfsIsCached } from './rootfs.ts';
import { toolPath, toolSync } from './tool.ts';

/** Programs that booting a host runs, and the Debian packages that bring them. */
const programs: Readonly<Record<string, string>> = {
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
};

/**
 * OVERLAYFS_SUPER_MAGIC. The kernel stacks two overlays and no third (FILESYSTEM_MAX_STACK_DEPTH);
 * a host's read-only `/usr` is one, and what systemd-sysext merges onto it another.
 */
const overlayfs = 0x794c7630;

let reason: { readonly text: string | undefined } | undefined;

/** Why no host can be booted on this machine by this process; undefined when one can. */
export function hostTestsPossible(): string | undefined {
  reason ??= { text: findReason() };
  return reason.text;
}

function findReason(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, not ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root';
  const needed = rootfsIsCached() ? programs : { ...programs, mmdebstrap: 'mmdebstrap' };
  const missing = Object.entries(needed).filter(([program]) => !isInstalled(program));
  if (missing.length > 0) {
    const packages = new Set(missing.map(([, name]) => name));
    return `needs ${missing.map(([program]) => program).join(', ')} (apt-get install ${[...packages].join(' ')})`;
  }
  if (cgroupBase() === undefined) return 'needs a cgroup2 file system, and none is mounted';
  const cache = nearest(cacheDirectory());
  if (statfsSync(cache).type === overlayfs) {
    return `needs a cache directory that is not on overlayfs; set SYSEXT_CACHE (${cache} is)`;
  }
  const namespaces = ['--pid', '--mount', '--net', '--uts', '--ipc', '--cgroup', '--fork'];
  const { failed, stderr } = toolSync('unshare', [...namespaces, 'true'], { reject: false });
  if (failed) return `may not make namespaces: ${stderr}`;
  return undefined;
}

/** The directory itself, or the closest above it that exists. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}

function isInstalled(program: string): boolean {
  return toolPath.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
