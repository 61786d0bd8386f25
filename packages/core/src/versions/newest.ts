import { seriesOf } from '../series.ts';
import { compareVersions } from '../version.ts';

/**
 * The newest version of each series, newest series first; versions of no series are left out.
 *
 * A series is judged by its own versions alone: one that upstream has not built yet takes nothing
 * from the others.
 *
 * @param pattern the recipe's `series`; without one, all versions are one series, `undefined`.
 */
export function newestOfEachSeries<T extends { readonly version: string }>(
  versions: readonly T[],
  pattern: string | undefined,
): (readonly [series: string | undefined, newest: T])[] {
  const newest = new Map<string | undefined, T>();
  for (const candidate of versions) {
    const series = seriesOf(pattern, candidate.version)?.name;
    if (pattern !== undefined && series === undefined) continue;
    const before = newest.get(series);
    if (before === undefined || compareVersions(candidate.version, before.version) > 0) newest.set(series, candidate);
  }
  return [...newest].toSorted(([, a], [, b]) => compareVersions(b.version, a.version));
}
