import { followedVersion, seriesName, versionBefore } from './companion-version.ts';
import type { Context } from './context.ts';
import type { Lock } from './lock.ts';
import type { Extension } from './recipe.ts';
import { checkVersion, compareVersions } from './version.ts';
import { type Newer, keptUp, newerVersions } from './versions/newer.ts';
import { hasNewRevision } from './versions/revisions.ts';
import type { VersionSource } from './versions/source.ts';
import type { Upstreams } from './versions/upstreams.ts';

/** A version to learn. */
interface UpdateStep {
  readonly version: string;
  /** The newest of its series that the lock holds; `undefined` when it holds none. */
  readonly from: string | undefined;
  /** Where a version is named for a companion, by the caller, the recipe or the lock. */
  readonly companions: Readonly<Record<string, string>>;
  /** What the companions were: beside the version itself, or else the one before it. */
  readonly companionsBefore: Readonly<Record<string, string>>;
  readonly makeDefault: boolean;
}

export interface UpdatePlan {
  readonly steps: readonly UpdateStep[];
  /** Series that are newer than all of the lock; an update takes them only by name. */
  readonly newSeries: readonly Newer[];
}

export interface PlanUpdateOptions {
  readonly version?: string | undefined;
  readonly companions?: Readonly<Record<string, string>> | undefined;
}

/** What an update of an extension without a named version asks for: its own upstream, and those its companions follow. */
export function followedBy(extension: Extension): [name: string, source: VersionSource][] {
  const companions = Object.entries(extension.companions ?? {}).filter(([, { follow }]) => follow !== undefined);
  return [
    [extension.name, extension.versions],
    ...companions.map(([name, { versions }]) => [name, versions] as [string, VersionSource]),
  ];
}

/**
 * Decides what an update learns: the named version, or the newest of every series that the lock holds; and the
 * versions whose companions follow an upstream that has released since, or whose packages of Debian have new revisions.
 * Upstreams are asked only where it matters.
 *
 * @throws SysextError `NAME_INVALID`, and what upstreams fail with.
 */
export async function planUpdate(
  context: Context,
  extension: Extension,
  lock: Lock,
  upstreams: Upstreams,
  { version, companions = {} }: PlanUpdateOptions,
): Promise<UpdatePlan> {
  const { targets, newSeries } =
    version === undefined
      ? await newestTargets(extension, lock, upstreams)
      : { targets: [checkVersion(version)], newSeries: [] };
  const steps: UpdateStep[] = [];
  for (const target of targets) {
    const before = versionBefore(extension, lock, target);
    const companionsBefore = lock.versions[target]?.companions ?? lock.versions[before ?? '']?.companions ?? {};
    const chosen = { ...(await followed(extension, target, companionsBefore, upstreams)), ...companions };
    const isKnown = Object.hasOwn(lock.versions, target);
    const isSame = Object.entries(chosen).every(([name, value]) => companionsBefore[name] === value);
    const isCurrent = version === undefined && isKnown && isSame;
    if (isCurrent && !(await hasNewRevision(context, extension, lock, target))) continue;
    steps.push({
      version: target,
      from: seriesName(extension, before) === seriesName(extension, target) ? before : undefined,
      companions: chosen,
      companionsBefore,
      makeDefault: isNewDefault(extension, lock, target),
    });
  }
  return { steps, newSeries };
}

/** The newest of every series, and what the lock keeps up besides, since companions or packages may have moved. */
async function newestTargets(
  extension: Extension,
  lock: Lock,
  upstreams: Upstreams,
): Promise<{ targets: string[]; newSeries: Newer[] }> {
  const newer = newerVersions(extension, lock, (await upstreams.list(extension.versions)).versions);
  const isEmpty = Object.keys(lock.versions).length === 0;
  const taken = isEmpty ? newer.slice(0, 1) : newer.filter(({ locked }) => locked !== undefined);
  const superseded = new Set(taken.map(({ series }) => series));
  const kept = keptUp(extension, lock)
    .map(([version]) => version)
    .filter((version) => !superseded.has(seriesName(extension, version)));
  return {
    targets: [...taken.map(({ newest }) => newest), ...kept],
    newSeries: newer.filter((each) => !taken.includes(each)),
  };
}

/** The companions of a version: as they were, or newer where the recipe lets them follow. */
async function followed(
  extension: Extension,
  version: string,
  before: Readonly<Record<string, string>>,
  upstreams: Upstreams,
): Promise<Record<string, string>> {
  const chosen: Record<string, string> = {};
  for (const name of Object.keys(extension.companions ?? {})) {
    const next = await followedVersion(extension, name, version, before[name], upstreams);
    if (next !== undefined) chosen[name] = next;
  }
  return chosen;
}

/** The newest of the default's series becomes the default; so does the first version of all. */
function isNewDefault(extension: Extension, { default: before }: Lock, version: string): boolean {
  if (before === undefined) return true;
  return seriesName(extension, before) === seriesName(extension, version) && compareVersions(version, before) > 0;
}
