import type { Arch } from '../../arch.ts';
import type { Context } from '../../context.ts';
import { debianMirrors } from './mirrors.ts';
import { type PackageIndex, readPackageIndex } from './package-index.ts';
import { type ReleaseFile, readRelease } from './release-file.ts';

/** A suite of Debian as its signed index has it today. */
export class Suite {
  /** By its code name: `trixie`. */
  readonly name: string;
  readonly mirrors: readonly string[];
  readonly release: ReleaseFile;
  readonly #context: Context;
  readonly #indexes = new Map<Arch, Promise<PackageIndex>>();

  constructor(context: Context, name: string, mirrors: readonly string[], release: ReleaseFile) {
    this.#context = context;
    this.name = name;
    this.mirrors = mirrors;
    this.release = release;
  }

  /** The packages for an architecture: read once. */
  async index(arch: Arch): Promise<PackageIndex> {
    let index = this.#indexes.get(arch);
    if (index === undefined) {
      index = readPackageIndex(this.#context, this.mirrors, this.name, arch, this.release);
      this.#indexes.set(arch, index);
    }
    return await index;
  }
}

const opened = new WeakMap<Context, Map<string, Promise<Suite>>>();

/**
 * Opens a suite, once in the run of a context: the first answer, or error, is that of all further calls.
 *
 * @throws SysextError what `readRelease` throws.
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

async function readSuite(context: Context, name: string): Promise<Suite> {
  const mirrors = await debianMirrors(context);
  return new Suite(context, name, mirrors, await readRelease(context, mirrors, name));
}
