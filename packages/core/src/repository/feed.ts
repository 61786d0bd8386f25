import { architectures } from '../arch.ts';
import { SysextError } from '../errors.ts';
import { compareVersions, isPrerelease } from '../version.ts';
import type { ExtensionIndex, PublishedVersion } from './index-file.ts';

/** What the rules look at. */
type Candidate = Pick<PublishedVersion, 'version' | 'upstream' | 'series'>;

/**
 * Where a version belongs among those of a feed, which are newest first: the place at which it is, or before which it
 * goes. Takes the logarithm of their number in steps.
 */
export function placeOf(
  versions: readonly Candidate[],
  version: string,
): { readonly at: number; readonly found: boolean } {
  let [low, high] = [0, versions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareVersions(versions[middle]!.version, version);
    if (order === 0) return { at: middle, found: versions[middle]!.version === version };
    if (order > 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: false };
}

/**
 * Why hosts that follow a feed would go wrong over a version, or `undefined`.
 *
 * Source: sysupdate.d(5), MatchPattern=; UAPI.10 Version Format Specification.
 *
 * @param index the feed, without or with the version itself.
 */
export function feedProblem({ versions, prereleases }: ExtensionIndex, candidate: Candidate): string | undefined {
  const { version, upstream, series } = candidate;
  const { at, found } = placeOf(versions, version);
  const there = versions[at];
  if (!found && there !== undefined && compareVersions(there.version, version) === 0) {
    return `systemd cannot tell it from ${there.version}, which is published`;
  }
  if (found && there!.upstream !== upstream) return `${there!.upstream}, which is published, has that name too`;
  const embedded = architectures.find(
    (arch) => `-${version}-`.includes(`-${arch}.`) || `-${version}-`.includes(`-${arch}-`),
  );
  if (embedded !== undefined) return `the ${embedded} in it would be taken for the architecture`;
  const other = versions.find(({ version: known }) => known !== version);
  if (other !== undefined && startsWithV(other.version) !== startsWithV(version)) {
    return `with and without a leading v must not be mixed: ${other.version} is published, and letters are older than digits`;
  }
  const crossed = versions.find(
    (known) => known.series?.name !== series?.name && (within(known, series) || within(candidate, known.series)),
  );
  if (crossed !== undefined) {
    const [one, other] = within(crossed, series) ? [series!, crossed] : [crossed.series!, candidate];
    return `hosts that follow series ${one.name} (${one.prefix}…) would take ${other.version} for one of it`;
  }
  if (isPrerelease(upstream) && prereleases !== true) {
    return 'it is a prerelease, which systemd takes to be newer than its release; this feed is for releases';
  }
  return undefined;
}

/** Whether the transfer of a series fits a version. */
const within = ({ version }: Candidate, series: Candidate['series']): boolean =>
  series !== undefined && version.startsWith(series.prefix);

const startsWithV = (version: string): boolean => /^v\d/i.test(version);

/** Throws `FEED_CONFLICT` where {@link feedProblem} finds something. */
export function checkFeed(index: ExtensionIndex, candidate: Candidate): void {
  const problem = feedProblem(index, candidate);
  if (problem === undefined) return;
  throw new SysextError('FEED_CONFLICT', `${index.name} ${candidate.version} cannot be published: ${problem}`, {
    hint: isPrerelease(candidate.upstream)
      ? 'prereleases need an extension of another name, begun with --prereleases'
      : undefined,
  });
}

/** Adds a version at its place, or puts it in the place of its earlier self. */
export function withVersion(index: ExtensionIndex, version: PublishedVersion): ExtensionIndex {
  const { at, found } = placeOf(index.versions, version.version);
  return { ...index, versions: index.versions.toSpliced(at, found ? 1 : 0, version) };
}

/** The version that a person means: the image's own, or one that lacks or adds a leading `v`. */
export function findVersion({ name, versions }: ExtensionIndex, wanted: string): PublishedVersion {
  for (const candidate of [wanted, `v${wanted}`, wanted.replace(/^v/, '')]) {
    const found = versions.find(({ version }) => version === candidate);
    if (found !== undefined) return found;
  }
  const known = versions.slice(0, 10).map(({ version }) => version);
  throw new SysextError(
    'UNKNOWN_VERSION',
    `${name} ${JSON.stringify(wanted)} is not published; the newest are ${known.join(', ') || 'none'}`,
  );
}
