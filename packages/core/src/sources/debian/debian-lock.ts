import { type Arch, architectures } from '../../arch.ts';
import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import type { DebianPin, DebianPins } from '../../lock.ts';
import { type PlannedProgram, bareVersion } from '../../plan.ts';
import type { DebianSource } from '../source.ts';
import { bundle } from './bundle.ts';
import { upstreamVersion } from './control.ts';
import { type Deb, type Library, librariesOf } from './deb.ts';
import { downloadDeb, librariesDirectory, takeAll } from './debian.ts';
import { olderIn } from './package-changes.ts';
import type { IndexedPackage, PackageIndex } from './package-index.ts';
import { type Suite, openSuite } from './suite.ts';

/**
 * Pins the packages that a version of a program is made of: the ones the recipe names, and of those they depend on the
 * ones with a library that is needed. Digests are those of the signed index.
 *
 * @param before what the lock pins for that version: no package goes back to an older one.
 * @throws SysextError `UPSTREAM_DISAGREES` when the suite has another version, or an older package, and what `openSuite`
 * throws.
 */
export async function lockDebian(
  context: Context,
  source: DebianSource,
  program: Pick<PlannedProgram, 'name' | 'version'>,
  arches: readonly Arch[],
  before?: DebianPins,
): Promise<DebianPins> {
  const suite = await openSuite(context, source.suite);
  const packages: Partial<Record<Arch, DebianPin[]>> = {};
  for (const arch of architectures.filter((each) => arches.includes(each))) {
    if (before?.suite === suite.name) refuseOlder(suite, arch, await suite.index(arch), before.packages[arch] ?? []);
    packages[arch] = await pinPackages(context, suite, source, program, arch);
  }
  const { timestamp } = suite.releases[0];
  return { suite: source.suite, timestamp, checked: checkedAgainst(suite), packages };
}

function checkedAgainst({ releases }: Suite): string {
  const suites = releases.map(({ suite }) => suite).join(' and ');
  const signers = [...new Set(releases.flatMap((release) => release.signers))].join(' and ');
  return `checked against the ${releases.length > 1 ? 'indexes' : 'index'} of Debian ${suites}, signed by ${signers}`;
}

/** An index may be an old one, played back by a mirror, and is signed all the same. */
function refuseOlder({ name }: Suite, arch: Arch, index: PackageIndex, pinned: readonly DebianPin[]): void {
  const [older] = olderIn(index, pinned);
  if (older === undefined) return;
  throw new SysextError(
    'UPSTREAM_DISAGREES',
    `Debian ${name} has ${older.name} ${older.to} for ${arch}, older than ${older.from} in the lock`,
    { hint: 'nothing was locked; the mirror is behind, or takes the suite back to an old state' },
  );
}

async function pinPackages(
  context: Context,
  suite: Suite,
  source: DebianSource,
  program: Pick<PlannedProgram, 'name' | 'version'>,
  arch: Arch,
): Promise<DebianPin[]> {
  const {
    archives,
    releases: [{ timestamp }],
  } = suite;
  const index = await suite.index(arch);
  const named = source.packages.map((name) => {
    const found = index.get(name);
    if (found !== undefined) return found;
    throw new SysextError('UPSTREAM_DISAGREES', `Debian ${source.suite} has no package ${name} for ${arch}`);
  });
  const [first] = named as [IndexedPackage];
  if (upstreamVersion(first.version) !== bareVersion(program.version)) {
    throw new SysextError(
      'UPSTREAM_DISAGREES',
      `Debian ${source.suite} has ${first.name} ${first.version} for ${arch}, not ${program.version}`,
      { hint: 'nothing was locked; sysext versions lists what there is' },
    );
  }
  const used = new Set<IndexedPackage>(named);
  const debs: Deb[] = [];
  for (const found of named) debs.push(await downloadDeb(context, archives, timestamp, found.pin));
  const taken = await takeAll(context, source, program, arch, debs);
  const order = byDistance(index, named);
  const known = new Map<IndexedPackage, ReadonlyMap<string, Library>>();
  const librariesIn = async (found: IndexedPackage): Promise<ReadonlyMap<string, Library>> => {
    const present = known.get(found);
    if (present !== undefined) return present;
    const libraries = await librariesOf(context, await downloadDeb(context, archives, timestamp, found.pin));
    known.set(found, libraries);
    return libraries;
  };
  const find = async (name: string): Promise<Library | undefined> => {
    for (const found of order) {
      const library = (await librariesIn(found)).get(name);
      if (library === undefined) continue;
      used.add(found);
      return library;
    }
    return undefined;
  };
  await bundle(context, librariesDirectory(program), taken, find);
  return [...used].map(({ pin }) => pin).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Some packages and all that they depend on, the nearest first, those called like a library before the others. */
function byDistance(index: PackageIndex, named: readonly IndexedPackage[]): IndexedPackage[] {
  const order = new Set(named);
  for (const found of order) {
    const next = index.dependenciesOf(found);
    const libraries = next.filter(({ name }) => name.startsWith('lib'));
    for (const each of [...libraries, ...next]) order.add(each);
  }
  return [...order];
}
