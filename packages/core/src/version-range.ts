import type { VersionRange } from './recipe.ts';
import { compareVersions, imageVersion } from './version.ts';

/**
 * What a version would have to be, for people: `from v1.7.0 on`; `undefined` where it is in the range. The version may be
 * one of an image, with its revision.
 */
export function rangeProblem({ from, before, exactly }: VersionRange, version: string): string | undefined {
  if (exactly !== undefined && !isVersionOf(exactly, version)) return `in version ${exactly}`;
  if (from !== undefined && compareVersions(version, from) < 0) return `from version ${from} on`;
  if (before !== undefined && compareVersions(version, before) >= 0) return `before version ${before}`;
  return undefined;
}

/** Whether a rule with this range applies to a version; without a range it applies to all. */
export function isInRange(range: VersionRange | undefined, version: string): boolean {
  return range === undefined || rangeProblem(range, version) === undefined;
}

/** Whether the version of an image is this one of upstream's, in whatever revision: `v1.2.3-4` for `v1.2.3`. */
export function isVersionOf(upstream: string, version: string): boolean {
  const plain = imageVersion({ version: upstream, revision: 0 });
  if (!version.startsWith(plain)) return false;
  return /^(-\d+)?$/.test(version.slice(plain.length));
}
