import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { run } from '../../exec.ts';
import type { DebianPin } from '../../lock.ts';

/**
 * Archives of Debian that a package may be in, by their names in the snapshot archive: the main one, and the one that
 * security fixes come to first.
 */
export type ArchiveName = 'debian' | 'debian-security';

const day = 24 * 60 * 60 * 1000;

/** A point in time as the snapshot archive writes it: `20261121T091544Z`. */
export function timestampOf(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/**
 * Where Debian's snapshot archive has a path of an archive that an index of that time names.
 *
 * It keeps a picture of the archive four times a day, and answers with the last one before the time that is asked
 * for. A day after an index was made there is one that has it, and what an index named stays in the archive longer.
 *
 * Source: https://snapshot.debian.org/
 */
function snapshotUrl(archive: ArchiveName, timestamp: string, path: string): string {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return `https://snapshot.debian.org/archive/${archive}/${timestampOf(new Date(Date.parse(iso) + day))}/${path}`;
}

/** The archive that a pinned package is in, and the time of the index that names it; `timestamp` is of the pins. */
function placeOf(timestamp: string, { security }: DebianPin): [archive: ArchiveName, timestamp: string] {
  return security === undefined ? ['debian', timestamp] : ['debian-security', security];
}

/** Where the snapshot archive has a pinned package; `timestamp` is of the pins. */
export function packageUrl(timestamp: string, pin: DebianPin): string {
  return snapshotUrl(...placeOf(timestamp, pin), pin.path);
}

/** Debian's archives from where this machine has them. */
export class Archives {
  readonly #mirrors: Readonly<Record<ArchiveName, readonly string[]>>;

  constructor(mirrors: Readonly<Record<ArchiveName, readonly string[]>>) {
    this.#mirrors = mirrors;
  }

  /** Addresses of a path that an index of that time names: the mirrors', then the snapshot archive's. */
  urls(archive: ArchiveName, timestamp: string, path: string): string[] {
    return [...this.#mirrors[archive].map((base) => base + path), snapshotUrl(archive, timestamp, path)];
  }

  /**
   * Addresses of a pinned package; `timestamp` is of the pins. A security fix comes to the main archive with the next
   * point release of the suite.
   */
  packageUrls(timestamp: string, pin: DebianPin): string[] {
    const urls = this.urls(...placeOf(timestamp, pin), pin.path);
    if (pin.security === undefined) return urls;
    const path = pin.path.replace('pool/updates/', 'pool/');
    return [...urls.slice(0, -1), ...this.#mirrors.debian.map((base) => base + path), ...urls.slice(-1)];
  }
}

/**
 * The archives by the mirrors that this machine is set up with: `SYSEXT_DEBIAN_MIRROR` and
 * `SYSEXT_DEBIAN_SECURITY_MIRROR`, or what apt uses. An archive may have none.
 */
export async function debianArchives(context: Context): Promise<Archives> {
  const set = (variable: string): string[] | undefined => {
    const url = context.env[variable];
    return url ? [url.replace(/\/*$/, '/')] : undefined;
  };
  const main = set('SYSEXT_DEBIAN_MIRROR');
  const security = set('SYSEXT_DEBIAN_SECURITY_MIRROR');
  const ofApt = main === undefined || security === undefined ? await aptMirrors(context) : [];
  const named = (name: ArchiveName): string[] => [
    ...new Set(ofApt.flatMap(([archive, url]) => (archive === name ? url : []))),
  ];
  return new Archives({ debian: main ?? named('debian'), 'debian-security': security ?? named('debian-security') });
}

/** What apt is set up with; nothing where there is no apt. */
async function aptMirrors(context: Context): Promise<[archive: ArchiveName, url: string][]> {
  try {
    const format = '$(REPO_URI) $(LABEL)';
    const output = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], context);
    return Buffer.from(output).toString('utf8').split('\n').flatMap(mirrorOf);
  } catch (error) {
    if (error instanceof SysextError && (error.code === 'TOOL_MISSING' || error.code === 'TOOL_FAILED')) return [];
    throw error;
  }
}

/** The mirror in a line of apt's; before the first `apt-get update` there is no label yet. */
function mirrorOf(line: string): [archive: ArchiveName, url: string][] {
  const [, url, label] = /^(https?:\/\/\S+\/) ?(.*)$/.exec(line) ?? [];
  if (url === undefined) return [];
  const isOf = (name: string, directory: ArchiveName): boolean =>
    label === name || (label === '' && url.endsWith(`/${directory}/`));
  if (isOf('Debian', 'debian')) return [['debian', url]];
  return isOf('Debian-Security', 'debian-security') ? [['debian-security', url]] : [];
}
