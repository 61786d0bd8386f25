import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { compareVersions, isPrerelease, versionProblem } from '../version.ts';
import type { Candidate } from './answer.ts';
import { debianVersion } from './debian.ts';
import { githubReleases, githubTags } from './github.ts';
import { gitlabTags } from './gitlab-tags.ts';
import { goModuleVersions } from './go-module.ts';
import { haproxyReleases } from './haproxy.ts';
import { hashicorpReleases } from './hashicorp.ts';
import { kubernetesPatches } from './kubernetes.ts';
import { listedFiles } from './listing.ts';
import type { VersionSource } from './source.ts';

/** A version that upstream has released. */
export interface UpstreamVersion {
  readonly version: string;
  /** Day of the release, `2025-03-27`, when upstream says. */
  readonly date: string | undefined;
}

/** What upstream has released. */
export interface UpstreamVersions {
  /** Newest first. */
  readonly versions: readonly UpstreamVersion[];
  /** Names that cannot be part of an image's name, as upstream gives them. */
  readonly refused: readonly string[];
}

/** More than any upstream has; the largest has some thousand. */
const maxCandidates = 20_000;

/**
 * Upstream's releases, newest first; prereleases are left out.
 *
 * A tag is somebody else's text: what cannot be part of an image's name, or does not match the
 * recipe, never becomes a version; `refused` holds the tags of the first kind.
 *
 * @throws SysextError `ANSWER_INVALID` for an answer that is not of the form its server documents,
 * and what `fetchText` throws.
 */
export async function listVersions(context: Context, source: VersionSource): Promise<UpstreamVersions> {
  const matches = new RegExp(`^(?:${source.match ?? '.*'})$`, 's');
  const tag = 'tag' in source ? source.tag : undefined;
  const versions = new Map<string, UpstreamVersion>();
  const refused: string[] = [];
  let count = 0;
  for await (const { name, date } of candidates(context, source)) {
    if (++count > maxCandidates) {
      throw new SysextError('ANSWER_INVALID', `${source.from}: more than ${maxCandidates} versions are listed`);
    }
    const version = versionOfTag(tag, name);
    if (version === undefined || !matches.test(version)) continue;
    if (versionProblem(version) !== undefined) refused.push(name);
    else if (!isPrerelease(version)) versions.set(version, { version, date });
  }
  return { versions: [...versions.values()].toSorted((a, b) => compareVersions(b.version, a.version)), refused };
}

function candidates(context: Context, source: VersionSource): AsyncIterable<Candidate> {
  switch (source.from) {
    case 'github-releases':
      return githubReleases(context, source);
    case 'github-tags':
      return githubTags(context, source);
    case 'gitlab-tags':
      return gitlabTags(context, source);
    case 'hashicorp':
      return hashicorpReleases(context, source);
    case 'kubernetes':
      return kubernetesPatches(context);
    case 'listing':
      return listedFiles(context, source);
    case 'haproxy':
      return haproxyReleases(context, source);
    case 'go-module':
      return goModuleVersions(context, source);
    case 'debian':
      return debianVersion(context, source);
  }
}

/** The version that a tag stands for, or `undefined` when the tag has another form. */
function versionOfTag(tag = '{version}', name: string): string | undefined {
  const [before, after] = tag.split('{version}') as [string, string];
  if (!name.startsWith(before) || !name.endsWith(after) || name.length < before.length + after.length) return undefined;
  return name.slice(before.length, name.length - after.length);
}
