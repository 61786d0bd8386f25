import type { Arch } from '../../arch.ts';
import type { Context } from '../../context.ts';
import { type Archives, debianArchives } from './archives.ts';
import { PackageIndex, readPackages } from './package-index.ts';
import { type ReleaseFile, readRelease } from './release-file.ts';

/** A suite of Debian with its security fixes, as the signed indexes have them today. */
export class Suite {
  /** By its code name: `trixie`. */
  readonly name: string;
  readonly archives: Archives;
  /** The suite's own index first. */
  readonly releases: readonly [ReleaseFile, ...ReleaseFile[]];
  readonly #context: Context;
  readonly #indexes = new Map<Arch, Promise<PackageIndex>>();

  constructor(context: Context, name: string, archives: Archives, releases: Suite['releases']) {
    this.#context = context;
    this.name = name;
    this.archives = archives;
    this.releases = releases;
  }

  /** The packages for an architecture, the newest of each name: read once. */
  async index(arch: Arch): Promise<PackageIndex> {
    let index = this.#indexes.get(arch);
    if (index === undefined) {
      index = this.#read(arch);
      this.#indexes.set(arch, index);
    }
    return await index;
  }

  async #read(arch: Arch): Promise<PackageIndex> {
    const index = new PackageIndex();
    for (const release of this.releases) await readPackages(this.#context, this.archives, release, arch, index);
    return index;
  }
}

const opened = new WeakMap<Context, Map<string, Promise<Suite>>>();

/**
 * Opens a suite, once in the run of a context: the first answer, or error, is that of all further calls.
 *
 * @throws SysextError what `readRelease` throws, of the suite or its security fixes: without them there is no suite.
 */
export async function openSuite(context: Context, name: string): Promise<Suite> {
  const suites = opened.get(context) ?? new Map<string, Promise<Suite>>();
  opened.set(context, suites);
  let suite = suites.get(name);
  if (suite === undefined) {
    suite = readSuite(context, name);
    suites.set(name, suite);
  }
  return await suite;
}

/** The one suite whose fixes come to no other archive first. */
const unstable = 'sid';

async function readSuite(context: Context, name: string): Promise<Suite> {
  const archives = await debianArchives(context);
  const main = await readRelease(context, archives, 'debian', name);
  const security =
    name === unstable ? [] : [await readRelease(context, archives, 'debian-security', `${name}-security`)];
  return new Suite(context, name, archives, [main, ...security]);
}
