import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { githubReleases } from './github.ts';
import { placeholdersOf } from './template.ts';
import type { VersionSource } from './recipe.ts';
import { compareVersions, isPrerelease, versionProblem } from './version.ts';

/** A version that upstream has released. */
export interface UpstreamVersion {
  readonly version: string;
  /** Day of the release, `2025-03-27`, when upstream says. */
  readonly date: string | undefined;
}

/**
 * Upstream's releases, newest first; prereleases are left out.
 *
 * A tag is somebody else's text: what cannot be part of an image's name, or does not match the
 * recipe, never becomes a version; `refused` counts the tags of the first kind.
 */
export async function listVersions(
  context: Context,
  source: VersionSource,
): Promise<{ readonly versions: readonly UpstreamVersion[]; readonly refused: readonly string[] }> {
  const matches = new RegExp(`^(?:${source.match ?? '.*'})$`, 's');
  const versions = new Map<string, UpstreamVersion>();
  const refused: string[] = [];
  for await (const release of githubReleases(context, source.repo)) {
    const version = versionOfTag(source, release.tag_name);
    if (version === undefined || !matches.test(version)) continue;
    if (versionProblem(version) !== undefined) refused.push(release.tag_name);
    else if (!isPrerelease(version)) versions.set(version, { version, date: release.published_at?.slice(0, 10) });
  }
  return { versions: [...versions.values()].toSorted((a, b) => compareVersions(b.version, a.version)), refused };
}

/** The version that a tag stands for, or `undefined` when the tag has another form. */
function versionOfTag({ tag = '{version}' }: VersionSource, name: string): string | undefined {
  const [before, after, ...more] = tag.split('{version}');
  if (after === undefined || more.length > 0 || placeholdersOf(tag).length !== 1) {
    throw new SysextError(
      'RECIPE_INVALID',
      `versions.tag: ${JSON.stringify(tag)} must contain {version} once, and nothing else in braces`,
    );
  }
  if (!name.startsWith(before!) || !name.endsWith(after) || name.length < before!.length + after.length)
    return undefined;
  return name.slice(before!.length, name.length - after.length);
}
