import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { type Lock, readLock } from '../lock.ts';
import { type Extension, programsOf } from '../recipe.ts';
import type { UpstreamVersion } from './list.ts';
import { type Newer, newerCompanions, newerVersions } from './newer.ts';
import { type NewRevision, newRevisions } from './revisions.ts';
import { Upstreams } from './upstreams.ts';

/** A {@link Newer} version of a program of an extension. */
export interface Outdated extends Newer {
  readonly extension: string;
  /** The extension's own name, or a companion's. */
  readonly program: string;
  /** Of a companion: the locked versions of the extension that it is beside. */
  readonly beside?: readonly string[];
}

/** A {@link NewRevision} of a program of an extension. */
export interface Revised extends NewRevision {
  readonly extension: string;
  /** The extension's own name, or a companion's. */
  readonly program: string;
}

/** An upstream that could not be asked, or did not answer as it should. */
interface UpstreamFailure {
  readonly extension: string;
  readonly program: string;
  readonly error: SysextError;
}

/** Names that upstream gives and that can be no version. */
interface RefusedNames {
  readonly extension: string;
  readonly program: string;
  readonly names: readonly string[];
}

/** What upstreams have released, against the locks. */
export interface OutdatedReport {
  /** Programs that were looked at. */
  readonly programs: number;
  readonly outdated: readonly Outdated[];
  /** Versions that are the newest, of packages of Debian that are not. */
  readonly revised: readonly Revised[];
  readonly failures: readonly UpstreamFailure[];
  readonly refused: readonly RefusedNames[];
}

/**
 * Asks the upstreams of all programs of some extensions for what the locks lack: of every extension, every
 * series and every companion; and Debian for new revisions of the packages that they pin.
 *
 * An upstream that cannot be reached, lies or lists nothing becomes one of `failures` and keeps no other from
 * being asked.
 *
 * @throws SysextError `OFFLINE`; `LOCK_INVALID`.
 */
export async function findOutdated(context: Context, extensions: readonly Extension[]): Promise<OutdatedReport> {
  if (context.offline) throw new SysextError('OFFLINE', 'upstreams have to be asked, and --offline was given');
  const upstreams = new Upstreams(context);
  const programs = extensions.flatMap((extension) =>
    programsOf(extension).map(([name, { versions }]) => ({ extension, name, versions })),
  );
  await upstreams.askAll(programs.map(({ name, versions }) => [name, versions]));
  const report = {
    programs: programs.length,
    outdated: [] as Outdated[],
    revised: [] as Revised[],
    failures: [] as UpstreamFailure[],
    refused: [] as RefusedNames[],
  };
  for (const { extension, name, versions } of programs) {
    const named = { extension: extension.name, program: name };
    const lock = await readLock(extension.directory);
    // An index of Debian that fails may fail twice: as the list of versions, and as that of revisions.
    const errors = new Set<SysextError>();
    const note = (error: unknown): void => {
      if (!(error instanceof SysextError)) throw error;
      errors.add(error);
    };
    try {
      const answer = await upstreams.list(versions);
      const newer = lacking(extension, lock, name, answer.versions);
      report.outdated.push(...newer.map((each) => ({ ...named, ...each })));
      if (answer.refused.length > 0) report.refused.push({ ...named, names: answer.refused });
    } catch (error) {
      note(error);
    }
    try {
      const revisions = await newRevisions(context, extension, lock, name);
      report.revised.push(...revisions.map((each) => ({ ...named, ...each })));
    } catch (error) {
      note(error);
    }
    report.failures.push(...[...errors].map((error) => ({ ...named, error })));
  }
  return report;
}

function lacking(
  extension: Extension,
  lock: Lock,
  program: string,
  released: readonly UpstreamVersion[],
): (Newer & { readonly beside?: readonly string[] })[] {
  return program === extension.name
    ? newerVersions(extension, lock, released)
    : together(newerCompanions(extension, lock, program, released));
}

/** One line for all versions of the extension that lack the same. */
function together(
  newer: ReturnType<typeof newerCompanions>,
): (Omit<Newer, 'series'> & { series: undefined; beside: string[] })[] {
  const groups = Object.groupBy(newer, ({ locked, newest }) => JSON.stringify([locked, newest]));
  return Object.values(groups).map((group) => {
    const { locked, newest, date } = group![0]!;
    return { series: undefined, locked, newest, date, beside: group!.map(({ beside }) => beside) };
  });
}
