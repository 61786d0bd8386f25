import type { Blob } from '../../cache.ts';
import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { exhausted, fetchText, isUnavailable } from '../../fetch.ts';
import { displayUrl } from '../../mirrors.ts';
import { openCleartext, readKeyring } from '../../repository/keyring.ts';
import { parseParagraph } from './control.ts';
import { type ArchiveName, type Archives, timestampOf } from './archives.ts';

/** Where Debian's package of that name keeps the keys of its archive; `SYSEXT_DEBIAN_KEYRING` names another file. */
const archiveKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What the archive says about a suite, signed. */
export interface ReleaseFile {
  readonly archive: ArchiveName;
  /** `trixie`, `trixie-security` */
  readonly suite: string;
  /** When it was made: `20261121T091544Z`. */
  readonly timestamp: string;
  /** Index file, relative to the suite's directory → its bytes. */
  readonly indexes: ReadonlyMap<string, Blob>;
  /** Fingerprints of the keys that signed it. */
  readonly signers: readonly string[];
}

/**
 * Reads the signed index of a suite, from the mirror of this machine or the snapshot archive.
 *
 * @param suite by its code name: `trixie`, `trixie-security`.
 * @throws SysextError `SIGNATURE_INVALID` unless a key of the archive keyring signed it; `IO` without a keyring;
 * `UPSTREAM_DISAGREES` when it is the index of another suite, or out of date by its own word; what `fetchText` throws.
 */
export async function readRelease(
  context: Context,
  archives: Archives,
  archive: ArchiveName,
  suite: string,
): Promise<ReleaseFile> {
  const keyring = await readKeyring(context.env['SYSEXT_DEBIAN_KEYRING'] || archiveKeyring);
  const failures: SysextError[] = [];
  for (const url of archives.urls(archive, timestampOf(new Date()), `dists/${suite}/InRelease`)) {
    try {
      const { text } = await fetchText(context, url);
      return { archive, suite, ...parseRelease(await openCleartext(keyring, text, displayUrl(url)), suite) };
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      failures.push(error);
    }
  }
  throw exhausted(failures);
}

function parseRelease(
  { text, signers }: { readonly text: string; readonly signers: readonly string[] },
  suite: string,
): Omit<ReleaseFile, 'archive' | 'suite'> {
  const fields = parseParagraph(text);
  const date = new Date(fields.get('date') ?? '');
  if (fields.get('codename') !== suite || Number.isNaN(date.getTime())) {
    throw new SysextError(
      'UPSTREAM_DISAGREES',
      `Debian ${suite}: its signed index is of ${fields.get('codename') ?? 'no suite'}, ${fields.get('date') ?? 'without a date'}`,
    );
  }
  const until = fields.get('valid-until');
  if (until !== undefined && !(Date.parse(until) > Date.now())) {
    throw new SysextError('UPSTREAM_DISAGREES', `Debian ${suite}: its signed index was valid until ${until}`, {
      hint: 'the mirror is behind, or keeps fixes back; or the clock of this machine is wrong',
    });
  }
  const lines = [...(fields.get('sha256') ?? '').matchAll(/^([0-9a-f]{64}) +(\d{1,15}) +(\S+)$/gm)];
  const indexes = lines.map(([, sha256, size, name]) => [name!, { sha256: sha256!, size: Number(size) }] as const);
  return { timestamp: timestampOf(date), indexes: new Map(indexes), signers };
}
