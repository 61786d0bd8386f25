import { type Arch, archNames } from './arch.ts';
import { SysextError } from './errors.ts';
import { type Lock, type LockedVersion, selectVersion } from './lock.ts';
import { type Extension, programsOf } from './recipe.ts';
import type { Source, SourceKind } from './sources/source.ts';
import { isInRange } from './version-range.ts';
import type { ImageIdentity } from './version.ts';

/** A program to bring in, at one version. */
export interface PlannedProgram {
  readonly name: string;
  readonly version: string;
  /** Sources to try, in order. */
  readonly sources: readonly Source[];
}

/** What one image will be made of, before anything is fetched. */
export interface Plan extends ImageIdentity {
  readonly extension: Extension;
  readonly locked: LockedVersion;
  readonly programs: readonly PlannedProgram[];
  /** Values of `{version}`, `{bare}` and `{<companion>}` in texts. */
  readonly values: Readonly<Record<string, string>>;
  readonly os: TargetOs;
}

/** Hosts an image is for; rendered into its release file. */
export interface TargetOs {
  /** `ID` of the host's os-release, or `_any`. */
  readonly id: string;
  /** `VERSION_ID` to pin to. Without it `SYSEXT_LEVEL=1.0` is set, unless the id is `_any`. */
  readonly versionId: string | undefined;
}

export interface PlanOptions {
  readonly version?: string | undefined;
  /** Only this kind of source. */
  readonly source?: SourceKind | undefined;
  /** `flatcar` when absent; see {@link parseTargetOs}. */
  readonly os?: string | undefined;
}

/**
 * Resolves recipe and lock to one plan per architecture.
 *
 * @throws SysextError `UNKNOWN_VERSION`, `NOT_LOCKED` for a companion without a locked version,
 * `USAGE` for an architecture, source or os that the recipe does not offer.
 */
export function makePlans(
  extension: Extension,
  lock: Lock,
  arches: readonly Arch[],
  options: PlanOptions = {},
): Plan[] {
  const { version, locked } = selectVersion(extension, lock, options.version);
  const os = parseTargetOs(options.os ?? 'flatcar');
  const programs = programsAt(extension, version, locked.companions).map((program) => {
    const sources = program.sources.filter(({ kind }) => options.source === undefined || kind === options.source);
    if (sources.length > 0) return { ...program, sources };
    const kinds = program.sources.map(({ kind }) => kind).join(', ');
    throw new SysextError('USAGE', `${program.name} has no source ${options.source}; it has ${kinds}`);
  });
  const companions = Object.fromEntries(programs.slice(1).map((program) => [program.name, program.version]));
  return arches.map((arch) => {
    if (!extension.architectures.includes(arch)) {
      const offered = extension.architectures.join(', ');
      throw new SysextError('USAGE', `${extension.name} is not offered for ${arch}; upstream has ${offered}`);
    }
    return {
      name: extension.name,
      version,
      revision: locked.revision,
      arch,
      extension,
      locked,
      programs,
      values: { ...companions, version, bare: bareVersion(version) },
      os,
    };
  });
}

/**
 * `flatcar`, `_any`, or `ID:VERSION_ID` to pin to one release of an OS.
 *
 * @throws SysextError `USAGE`
 */
function parseTargetOs(text: string): TargetOs {
  const match = /^([a-z0-9._-]+)(?::([a-z0-9._-]+))?$/.exec(text);
  if (match === null || (match[1] === '_any' && match[2] !== undefined)) {
    throw new SysextError('USAGE', `os: ${JSON.stringify(text)} is neither an ID nor ID:VERSION_ID of os-release(5)`, {
      hint: 'for example --os flatcar, --os _any, --os flatcar:4593.2.5',
    });
  }
  return { id: match[1]!, versionId: match[2] };
}

/** The version without a leading `v`. */
export function bareVersion(version: string): string {
  return version.replace(/^v(?=\d)/, '');
}

/**
 * The programs of an extension at one of its versions: its own first, then its companions; each with the sources that
 * can deliver it, one at least.
 *
 * @throws SysextError `NOT_LOCKED` for a companion without a version, `UNKNOWN_VERSION` when the recipe restricts all
 * sources of a program to other versions.
 */
export function programsAt(
  extension: Extension,
  version: string,
  companions: Readonly<Record<string, string>> = {},
): PlannedProgram[] {
  return programsOf(extension).map(([name, program]) => {
    const own = name === extension.name ? version : companions[name];
    if (own === undefined) {
      throw new SysextError('NOT_LOCKED', `${extension.name} ${version}: the lock names no version of ${name}`, {
        hint: `sysext lock ${extension.name} ${version}`,
      });
    }
    const sources = program.sources.filter(({ when }) => isInRange(when, own));
    if (sources.length > 0) return { name, version: own, sources };
    throw new SysextError('UNKNOWN_VERSION', `no source of ${name} is for version ${own}`, {
      hint: 'look at "when" in the recipe',
    });
  });
}

/** Values for the templates of a program's sources. `names` are the recipe's own words for architectures. */
export function templateValues(
  program: Pick<PlannedProgram, 'version'>,
  arch: Arch,
  names: Partial<Record<Arch, string | undefined>> = {},
): Record<string, string> {
  return {
    version: program.version,
    bare: bareVersion(program.version),
    ...numbersOf(program.version),
    arch: names[arch] ?? archNames[arch].go,
    goArch: archNames[arch].go,
  };
}

/** The second and third number of a version, where it has them. */
export function numbersOf(version: string): Record<string, string> {
  const [, minor, patch] = /^v?\d+\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return { ...(minor === undefined ? {} : { minor }), ...(patch === undefined ? {} : { patch }) };
}
