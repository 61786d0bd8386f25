import { architectures } from '../arch.ts';
import type { Context } from '../context.ts';
import { upstreamVersion } from '../sources/debian/control.ts';
import { openSuite } from '../sources/debian/suite.ts';
import type { Candidate } from './answer.ts';
import type { SourceOf } from './source.ts';

/**
 * Upstream's version of a package in a suite, when every architecture has the same: by the signed index alone.
 *
 * A suite has one version at a time. A new revision of it is no new version here; see `newRevisions`.
 */
export async function* debianVersion(context: Context, source: SourceOf<'debian'>): AsyncGenerator<Candidate> {
  const suite = await openSuite(context, source.suite);
  const versions = new Set<string | undefined>();
  for (const arch of architectures) {
    const version = (await suite.index(arch)).get(source.package)?.version;
    versions.add(version === undefined ? undefined : upstreamVersion(version));
  }
  const [name] = versions;
  if (versions.size === 1 && name !== undefined) yield { name };
}
