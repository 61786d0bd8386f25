import type { Arch } from './arch.ts';
import { SysextError } from './errors.ts';

/**
 * Compares two versions as systemd does: negative when `a` is older, positive when it is
 * newer, 0 when systemd cannot tell them apart.
 *
 * Source: UAPI.10 Version Format Specification; `strverscmp_improved()` in systemd.
 * Semantic versioning is not what hosts use: `1.0-rc.1` is *newer* than `1.0` here.
 */
export function compareVersions(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && !isComparable(a[i]!)) i++;
    while (j < b.length && !isComparable(b[j]!)) j++;

    // A tilde is older than anything, even than the end of the string.
    if (a[i] === '~' || b[j] === '~') {
      if (a[i] !== b[j]) return a[i] === '~' ? -1 : 1;
      i++;
      j++;
      continue;
    }
    if (i >= a.length || j >= b.length) {
      return Math.sign(a.length - i) - Math.sign(b.length - j);
    }

    const separator = (['-', '^', '.'] as const).find((c) => a[i] === c || b[j] === c);
    if (separator !== undefined) {
      if (a[i] !== b[j]) return a[i] === separator ? -1 : 1;
      i++;
      j++;
      continue;
    }

    const span = isDigit(a[i]!) || isDigit(b[j]!) ? isDigit : isLetter;
    const left = takeWhile(a, i, span);
    const right = takeWhile(b, j, span);
    const order = span === isDigit ? compareNumbers(left, right) : compareText(left, right);
    if (order !== 0) return order;
    i += left.length;
    j += right.length;
  }
}

/** An empty span means the other side has letters here: digits are newer. */
function compareNumbers(a: string, b: string): number {
  if (a === '' || b === '') return a === '' ? -1 : 1;
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return Math.sign(x.length - y.length) || compareText(x, y);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function takeWhile(text: string, from: number, accept: (c: string) => boolean): string {
  let to = from;
  while (to < text.length && accept(text[to]!)) to++;
  return text.slice(from, to);
}

const isDigit = (c: string): boolean => c >= '0' && c <= '9';
const isLetter = (c: string): boolean => (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
const isComparable = (c: string): boolean => isDigit(c) || isLetter(c) || '~-^.'.includes(c);

/**
 * Why `version` cannot be published as part of an image name, or `undefined` when it can.
 *
 * `~` and `^` are invisible to systemd-sysupdate up to 261, `,` to 262 and later; anything
 * outside `[A-Za-z0-9.+_-]` is never offered (sysupdate.d(5), MatchPattern=).
 */
export function versionProblem(version: string): string | undefined {
  if (version.length === 0) return 'it is empty';
  if (version.length > 100) return 'it is longer than 100 characters';
  if (!/^[A-Za-z0-9]/.test(version)) return 'it does not begin with a letter or a digit';
  const bad = version.match(/[^A-Za-z0-9.+_-]/);
  if (bad) return `systemd-sysupdate does not accept ${JSON.stringify(bad[0])} in a version`;
  if (version.includes('..')) return 'it contains ".."';
  return undefined;
}

/** Returns `version` if {@link versionProblem} finds nothing; throws `NAME_INVALID` otherwise. */
export function checkVersion(version: string): string {
  const problem = versionProblem(version);
  if (problem === undefined) return version;
  throw new SysextError('NAME_INVALID', `version ${JSON.stringify(version)} is refused: ${problem}`);
}

/** True for versions with a pre-release word (`-rc.1`, `-beta`), which sort above their release. */
export function isPrerelease(version: string): boolean {
  return /(?:^|[^a-z])(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly)(?![a-z])/i.test(version);
}

/** What makes one published image different from another. */
export interface ImageIdentity {
  /** Extension name; see `recipe.ts` for its character set. */
  readonly name: string;
  /** Upstream's version, as upstream writes it: `v3.5.21`, `v1.32.2+k3s1`. */
  readonly version: string;
  /** Packaging revision of that version; 0 is the first and is left out of names. */
  readonly revision: number;
  readonly arch: Arch;
}

/** Version part of an image's name: a `+` becomes `-`, revisions above 0 are appended. */
export function imageVersion({ version, revision }: Pick<ImageIdentity, 'version' | 'revision'>): string {
  const mapped = checkVersion(version).replaceAll('+', '-');
  return revision === 0 ? mapped : `${mapped}-${revision}`;
}

/**
 * File name of an image without its suffix: `etcd-v3.5.21-1-x86-64`.
 *
 * Only `[A-Za-z0-9._-]` occurs in it, so it needs no escaping in URLs and manifests.
 */
export function imageStem(identity: ImageIdentity): string {
  return `${identity.name}-${imageVersion(identity)}-${identity.arch}`;
}
