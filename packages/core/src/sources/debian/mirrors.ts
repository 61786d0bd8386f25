import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { run } from '../../exec.ts';

const day = 24 * 60 * 60 * 1000;

/** A point in time as the snapshot archive writes it: `20261121T091544Z`. */
export function timestampOf(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/**
 * Where Debian's snapshot archive has a path of the archive that an index of that time names.
 *
 * It keeps a picture of the archive four times a day, and answers with the last one before the time that is asked
 * for. A day after an index was made there is one that has it, and what an index named stays in the archive longer.
 *
 * Source: https://snapshot.debian.org/
 */
export function snapshotUrl(timestamp: string, path: string): string {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return `https://snapshot.debian.org/archive/debian/${timestampOf(new Date(Date.parse(iso) + day))}/${path}`;
}

/**
 * Mirrors of Debian's archive that this machine is set up with: `SYSEXT_DEBIAN_MIRROR`, or what apt uses. Each ends
 * in a slash. None where there is no apt.
 */
export async function debianMirrors(context: Context): Promise<string[]> {
  const set = context.env['SYSEXT_DEBIAN_MIRROR'];
  if (set) return [set.replace(/\/*$/, '/')];
  try {
    const format = '$(REPO_URI) $(LABEL)';
    const output = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], context);
    const lines = Buffer.from(output).toString('utf8').split('\n');
    return [...new Set(lines.flatMap(mirrorOf))];
  } catch (error) {
    if (error instanceof SysextError && (error.code === 'TOOL_MISSING' || error.code === 'TOOL_FAILED')) return [];
    throw error;
  }
}

/** The mirror in a line of apt's; before the first `apt-get update` there is no label yet. */
function mirrorOf(line: string): string[] {
  const [, url, label] = /^(https?:\/\/\S+\/) ?(.*)$/.exec(line) ?? [];
  if (url === undefined) return [];
  return label === 'Debian' || (label === '' && url.endsWith('/debian/')) ? [url] : [];
}
