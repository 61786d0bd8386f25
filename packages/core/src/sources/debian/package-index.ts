import { type Arch, archNames } from '../../arch.ts';
import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { stream } from '../../exec.ts';
import { download } from '../../fetch.ts';
import { type DebianPin, poolPath } from '../../lock.ts';
import { type Paragraph, packageNames, paragraphsOf } from './control.ts';
import type { Archives } from './archives.ts';
import type { ReleaseFile } from './release-file.ts';
import { compareDebianVersions } from './version.ts';

/** A binary package, as an index has it, with what is pinned of it. */
export interface IndexedPackage {
  readonly name: string;
  readonly version: string;
  readonly pin: DebianPin;
  /** Names of the packages it depends on, alternatives included. */
  readonly depends: readonly string[];
}

/** The packages of a suite for one architecture: of each name the newest, and of the same version the first. */
export class PackageIndex {
  readonly #packages = new Map<string, IndexedPackage>();
  readonly #providers = new Map<string, IndexedPackage[]>();

  add(found: IndexedPackage, provides: readonly string[]): void {
    const known = this.#packages.get(found.name);
    if (known !== undefined && compareDebianVersions(found.version, known.version) <= 0) return;
    this.#packages.set(found.name, found);
    for (const name of provides) {
      const others = this.#providers.get(name);
      if (others === undefined) this.#providers.set(name, [found]);
      else others.push(found);
    }
  }

  /** The package of that name. */
  get(name: string): IndexedPackage | undefined {
    return this.#packages.get(name);
  }

  /** What a package depends on directly; for a virtual package, all that provide it. */
  dependenciesOf({ depends }: IndexedPackage): IndexedPackage[] {
    return depends.flatMap((name) => this.#packages.get(name) ?? this.#providersOf(name));
  }

  /** Without versions of a package that a newer one replaced. */
  #providersOf(name: string): IndexedPackage[] {
    return (this.#providers.get(name) ?? []).filter((each) => this.#packages.get(each.name) === each);
  }
}

/**
 * Downloads the index of an architecture that the signed index of a suite names, and adds its packages to what there is.
 *
 * @throws SysextError `DIGEST_MISMATCH` when it is another, and what `download` throws.
 */
export async function readPackages(
  context: Context,
  archives: Archives,
  { archive, suite, indexes, timestamp }: ReleaseFile,
  arch: Arch,
  index: PackageIndex,
): Promise<void> {
  const directory = `main/binary-${archNames[arch].go}`;
  const blob = indexes.get(`${directory}/Packages.xz`);
  if (blob === undefined)
    throw new SysextError('UPSTREAM_DISAGREES', `Debian ${suite} has no ${directory}/Packages.xz`);
  const path = `dists/${suite}/${directory}/by-hash/SHA256/${blob.sha256}`;
  await download(context, archives.urls(archive, timestamp, path), blob);
  const place = archive === 'debian-security' ? { security: timestamp } : {};
  const unpacked = stream('xz', ['--decompress', '--stdout', '--', context.cache.blobPath(blob.sha256)], context);
  for await (const paragraph of paragraphsOf(unpacked.stdout as AsyncIterable<Uint8Array>)) {
    const found = packageOf(paragraph, place);
    if (found !== undefined) index.add(found, packageNames(paragraph.get('provides') ?? ''));
  }
  await unpacked.finished;
}

/** The package of a paragraph; `undefined` when a field that is needed is missing or of another form. */
function packageOf(paragraph: Paragraph, place: Pick<DebianPin, 'security'>): IndexedPackage | undefined {
  const field = (name: string, form: RegExp): string | undefined => form.exec(paragraph.get(name) ?? '')?.[0];
  const name = field('package', /^[a-z0-9][a-z0-9+.-]+$/);
  const version = field('version', /^[\w.+~:-]+$/);
  const path = field('filename', poolPath);
  const sha256 = field('sha256', /^[0-9a-f]{64}$/);
  const size = Number(field('size', /^\d{1,12}$/));
  if (name === undefined || version === undefined || path === undefined || sha256 === undefined || !(size > 0))
    return undefined;
  const depends = packageNames(`${paragraph.get('pre-depends') ?? ''},${paragraph.get('depends') ?? ''}`);
  return { name, version, pin: { path, sha256, size, ...place }, depends };
}
