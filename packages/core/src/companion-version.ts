import type { Lock } from './lock.ts';
import type { Extension } from './recipe.ts';
import { seriesOf } from './series.ts';
import { compareVersions } from './version.ts';
import { newestCompanion } from './versions/newer.ts';
import type { Upstreams } from './versions/upstreams.ts';

/** Name of the series that a version belongs to, if any. */
export function seriesName(extension: Extension, version: string | undefined): string | undefined {
  return version === undefined ? undefined : seriesOf(extension.series, version)?.name;
}

/** The newest locked version before another: of its series, or else of all. */
export function versionBefore(extension: Extension, lock: Lock, version: string): string | undefined {
  const older = Object.keys(lock.versions)
    .filter((each) => compareVersions(each, version) < 0)
    .toSorted(compareVersions);
  const series = seriesName(extension, version);
  return older.findLast((each) => seriesName(extension, each) === series) ?? older.at(-1) ?? lock.default;
}

/**
 * The version of a companion beside a version of the extension: newer than the one there was where the recipe lets it
 * `follow` its upstream, older only to stay in the series of the extension.
 *
 * @throws SysextError what its upstream fails with; it is asked only where the recipe lets the companion follow.
 */
export async function followedVersion(
  extension: Extension,
  name: string,
  beside: string,
  known: string | undefined,
  upstreams: Upstreams,
): Promise<string | undefined> {
  const { follow, versions } = extension.companions![name]!;
  if (follow === undefined) return known;
  const newest = newestCompanion(extension, name, beside, (await upstreams.list(versions)).versions)?.version;
  const isOlder = newest !== undefined && known !== undefined && compareVersions(newest, known) < 0;
  const crosses = follow === 'series' && seriesName(extension, known) !== seriesName(extension, beside);
  return newest === undefined || (isOlder && !crosses) ? known : newest;
}
