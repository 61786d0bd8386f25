import { architectures } from '../../arch.ts';
import type { Context } from '../../context.ts';
import { baseName } from '../../image-path.ts';
import type { DebianPin, DebianPins } from '../../lock.ts';
import { bareVersion } from '../../plan.ts';
import type { DebianSource } from '../source.ts';
import { upstreamVersion } from './control.ts';
import type { PackageIndex } from './package-index.ts';
import { openSuite } from './suite.ts';
import { compareDebianVersions } from './version.ts';

/** A package that is another than before, by Debian's versions without epoch. */
export interface PackageChange {
  readonly name: string;
  /** `undefined` when the program did not need it before. */
  readonly from: string | undefined;
  /** `undefined` when the program needs it no more. */
  readonly to: string | undefined;
}

/**
 * Packages of a program that are newer in the suite today than the lock pins them: a new revision of its own, or one of a library.
 * None when the suite has another version of the program, which is the concern of whoever looks for versions.
 *
 * The signed index alone tells: no package is downloaded.
 *
 * @throws SysextError what `openSuite` throws.
 */
export async function newerPackages(
  context: Context,
  source: DebianSource,
  version: string,
  pins: DebianPins,
): Promise<PackageChange[]> {
  if (pins.suite !== source.suite) return [];
  const suite = await openSuite(context, source.suite);
  const changes: PackageChange[] = [];
  for (const arch of architectures) {
    const pinned = pins.packages[arch];
    if (pinned === undefined) continue;
    const index = await suite.index(arch);
    const first = index.get(source.packages[0]!);
    if (first === undefined || upstreamVersion(first.version) !== bareVersion(version)) return [];
    changes.push(...newerIn(index, pinned));
  }
  return distinct(changes);
}

/** Packages that two locks pin differently; none when one of them has no pins. */
export function changedPackages(before: DebianPins | undefined, after: DebianPins | undefined): PackageChange[] {
  if (before === undefined || after === undefined) return [];
  const changes = architectures.flatMap((arch) => {
    const [left, right] = [byName(before.packages[arch]), byName(after.packages[arch])];
    const names = [...new Set([...left.keys(), ...right.keys()])];
    return names
      .filter((name) => left.get(name)?.sha256 !== right.get(name)?.sha256)
      .map((name) => ({ name, from: left.get(name)?.version, to: right.get(name)?.version }));
  });
  return distinct(changes);
}

/** Pinned packages of which an index has an older version. */
export function olderIn(index: PackageIndex, pinned: readonly DebianPin[]): PackageChange[] {
  return differing(index, pinned, -1);
}

function newerIn(index: PackageIndex, pinned: readonly DebianPin[]): PackageChange[] {
  return differing(index, pinned, 1);
}

function differing(index: PackageIndex, pinned: readonly DebianPin[], sign: 1 | -1): PackageChange[] {
  return [...byName(pinned)].flatMap(([name, { version }]) => {
    const found = index.get(name);
    const to = found === undefined ? undefined : versionOf(found.pin);
    return to !== undefined && compareDebianVersions(to, version) * sign > 0 ? [{ name, from: version, to }] : [];
  });
}

type Named = Pick<DebianPin, 'sha256'> & { readonly version: string };

function byName(pinned: readonly DebianPin[] = []): Map<string, Named> {
  return new Map(pinned.map((pin) => [nameOf(pin), { sha256: pin.sha256, version: versionOf(pin) }]));
}

/** `keepalived` of `pool/main/k/keepalived/keepalived_2.3.3-1_amd64.deb`. */
export function nameOf({ path }: Pick<DebianPin, 'path'>): string {
  return baseName(path).split('_')[0]!;
}

/** `2.3.3-1` of `pool/main/k/keepalived/keepalived_2.3.3-1_amd64.deb`: no file name has the epoch. */
function versionOf({ path }: Pick<DebianPin, 'path'>): string {
  return baseName(path).split('_')[1] ?? '';
}

function distinct(changes: readonly PackageChange[]): PackageChange[] {
  const found = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
