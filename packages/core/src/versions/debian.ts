import { architectures } from '../arch.ts';
import type { Context } from '../context.ts';
import { upstreamVersion } from '../sources/debian/control.ts';
import { debianMirrors } from '../sources/debian/mirrors.ts';
import { readPackageIndex } from '../sources/debian/package-index.ts';
import { readRelease } from '../sources/debian/release-file.ts';
import type { Candidate } from './answer.ts';
import type { SourceOf } from './source.ts';

/**
 * Upstream's version of a package in a suite, when every architecture has the same: by the signed index alone.
 *
 * A suite has one version at a time. A new revision of it is no new version here: `sysext lock` of the same version
 * takes it up.
 */
export async function* debianVersion(context: Context, source: SourceOf<'debian'>): AsyncGenerator<Candidate> {
  const mirrors = await debianMirrors(context);
  const release = await readRelease(context, mirrors, source.suite);
  const versions = new Set<string | undefined>();
  for (const arch of architectures) {
    const index = await readPackageIndex(context, mirrors, source.suite, arch, release);
    const version = index.get(source.package)?.version;
    versions.add(version === undefined ? undefined : upstreamVersion(version));
  }
  const [name] = versions;
  if (versions.size === 1 && name !== undefined) yield { name };
}
