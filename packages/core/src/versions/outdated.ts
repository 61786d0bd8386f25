import pMap from 'p-map';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { readLock } from '../lock.ts';
import { type Extension, programsOf } from '../recipe.ts';
import { type Newer, newerCompanions, newerVersions } from './newer.ts';
import { Upstreams } from './upstreams.ts';

/** Upstreams that are asked at the same time. */
const atOnce = 8;

/** A {@link Newer} version of a program of an extension. */
export interface Outdated extends Newer {
  readonly extension: string;
  /** The extension's own name, or a companion's. */
  readonly program: string;
  /** Of a companion: the locked versions of the extension that it is beside. */
  readonly beside?: readonly string[];
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
  readonly failures: readonly UpstreamFailure[];
  readonly refused: readonly RefusedNames[];
}

/**
 * Asks the upstreams of all programs of some extensions for what the locks lack: of every extension, every
 * series and every companion. Eight are asked at a time, and each once.
 *
 * An upstream that cannot be reached, lies or lists nothing becomes one of `failures` and keeps no other from
 * being asked.
 *
 * @throws SysextError `OFFLINE`; `LOCK_INVALID`.
 */
export async function findOutdated(context: Context, extensions: readonly Extension[]): Promise<OutdatedReport> {
  if (context.offline) throw new SysextError('OFFLINE', 'upstreams have to be asked, and --offline was given');
  const upstreams = new Upstreams(context);
  const programs = extensions.flatMap((extension) => programsOf(extension).map(([name]) => ({ extension, name })));
  const report = {
    programs: programs.length,
    outdated: [] as Outdated[],
    failures: [] as UpstreamFailure[],
    refused: [] as RefusedNames[],
  };
  const progress = { step: 'ask', subject: 'upstreams', total: programs.length } as const;
  let done = 0;
  context.onEvent({ type: 'start', ...progress });
  const answers = await pMap(
    programs,
    async ({ extension, name }) => {
      const answer = await lookAt(context, upstreams, extension, name);
      context.onEvent({ type: 'progress', ...progress, done: ++done, detail: name });
      return answer;
    },
    { concurrency: atOnce, signal: context.signal },
  );
  context.onEvent({ type: 'end', ...progress, cached: false, detail: `${programs.length} programs` });
  for (const [index, { outdated, failure, refused }] of answers.entries()) {
    const named = { extension: programs[index]!.extension.name, program: programs[index]!.name };
    report.outdated.push(...outdated.map((each) => ({ ...named, ...each })));
    if (failure !== undefined) report.failures.push({ ...named, error: failure });
    if (refused.length > 0) report.refused.push({ ...named, names: refused });
  }
  return report;
}

interface Answer {
  readonly outdated: readonly (Newer & { readonly beside?: readonly string[] })[];
  readonly failure?: SysextError;
  readonly refused: readonly string[];
}

async function lookAt(context: Context, upstreams: Upstreams, extension: Extension, program: string): Promise<Answer> {
  const lock = await readLock(extension.directory);
  const isOwn = program === extension.name;
  const source = isOwn ? extension.versions : extension.companions![program]!.versions;
  try {
    const { versions, refused } = await upstreams.list(source);
    if (versions.length === 0) {
      throw new SysextError('ANSWER_INVALID', `${source.from}: upstream lists no version that the recipe takes`, {
        hint: `look at versions in ${extension.directory}/extension.ts, and at upstream's page`,
      });
    }
    const outdated = isOwn
      ? newerVersions(extension, lock, versions)
      : together(newerCompanions(extension, lock, program, versions));
    return { outdated, refused };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SysextError)) throw error;
    return { outdated: [], failure: error, refused: [] };
  }
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
