import { type Lock, type LockedVersion } from '../lock.ts';
import type { Companion, Extension } from '../recipe.ts';
import { seriesOf } from '../series.ts';
import { compareVersions } from '../version.ts';
import type { UpstreamVersion } from './list.ts';
import { newestOfEachSeries } from './newest.ts';

/** A version that upstream has released and the lock lacks. */
export interface Newer {
  /** Series of the extension, where its recipe has series. */
  readonly series: string | undefined;
  /** The newest that the lock holds; `undefined` for a series of which it holds none. */
  readonly locked: string | undefined;
  readonly newest: string;
  /** Day of its release, when upstream says. */
  readonly date: string | undefined;
}

/** A {@link Newer} of a companion. */
export interface NewerCompanion extends Newer {
  /** The locked version of the extension that it is beside. */
  readonly beside: string;
}

/**
 * The locked versions that are kept up: the newest of each series, and the default.
 */
export function keptUp(extension: Extension, lock: Lock): (readonly [version: string, locked: LockedVersion])[] {
  const newest = newestOfEachSeries(
    Object.keys(lock.versions).map((version) => ({ version })),
    extension.series,
  ).map(([, { version }]) => version);
  const kept = new Set([...newest, ...(lock.default === undefined ? [] : [lock.default])]);
  return [...kept].map((version) => [version, lock.versions[version]!]);
}

/**
 * Versions of the extension's own program that are newer than the lock's, one for each series that the
 * lock holds, and one for each series that is newer than all of those.
 *
 * Older series that the lock has nothing of are nobody's concern, and a series is judged by its own versions
 * alone: one that upstream has not built yet takes nothing from the others.
 */
export function newerVersions(extension: Extension, lock: Lock, released: readonly UpstreamVersion[]): Newer[] {
  const locked = Object.keys(lock.versions).map((version) => ({ version }));
  const ofSeries = newestOfEachSeries(locked, extension.series);
  const newestLocked = ofSeries[0]?.[1].version;
  return newestOfEachSeries(released, extension.series).flatMap(([series, { version, date }]) => {
    const own = ofSeries.find(([name]) => name === series)?.[1].version;
    const before = own ?? newestLocked;
    if (before !== undefined && compareVersions(version, before) <= 0) return [];
    return [{ series, locked: own, newest: version, date }];
  });
}

/** Newer versions of a companion, beside each locked version of the extension that is kept up. */
export function newerCompanions(
  extension: Extension,
  lock: Lock,
  name: string,
  released: readonly UpstreamVersion[],
): NewerCompanion[] {
  return keptUp(extension, lock).flatMap(([beside, { companions }]) => {
    const locked = companions?.[name];
    const newest = newestCompanion(extension, name, beside, released);
    if (newest === undefined || (locked !== undefined && compareVersions(newest.version, locked) <= 0)) return [];
    const series = seriesOf(extension.series, beside)?.name;
    return [{ series, locked, newest: newest.version, date: newest.date, beside }];
  });
}

/** The newest version that a companion may have beside a version of the extension; see the recipe's `follow`. */
export function newestCompanion(
  extension: Extension,
  name: string,
  beside: string,
  released: readonly UpstreamVersion[],
): UpstreamVersion | undefined {
  const companion: Companion | undefined = extension.companions?.[name];
  const series = seriesOf(extension.series, beside)?.name;
  const fits = ({ version }: UpstreamVersion): boolean =>
    companion?.follow !== 'series' || seriesOf(extension.series, version)?.name === series;
  return newestOfEachSeries(released.filter(fits), undefined)[0]?.[1];
}
