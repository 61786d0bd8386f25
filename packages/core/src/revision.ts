import { sha256 } from './cache.ts';
import type { Lock, LockedVersion } from './lock.ts';
import type { Extension } from './recipe.ts';
import { staticFiles } from './tree.ts';

/**
 * Digest of what every version of an extension has in common: its recipe and static files.
 */
export async function inputsDigest({ directory, ...recipe }: Extension): Promise<string> {
  const files = await staticFiles(`${directory}/files`);
  const listed = [...files].map(([path, { mode, content }]) => `${path} ${mode} ${content.sha256}`).toSorted();
  return sha256(JSON.stringify([recipe, listed]));
}

/**
 * Brings the revisions of a lock up to a release of the extension's package.
 *
 * A version that was released before gets the next revision, so that hosts which have it receive
 * the new image, when the package's rise is not explained by a new upstream version, or when the
 * recipe or its files changed with it. A second call for the same release changes nothing.
 *
 * @param packageVersion the version the package is about to be released with.
 * @param inputs {@link inputsDigest} of the extension.
 */
export function reviseLock(lock: Lock, packageVersion: string, inputs: string): Lock {
  const isNew = Object.values(lock.versions).some(({ released }) => released === undefined);
  const revise = (entry: LockedVersion): LockedVersion => {
    if (entry.released === undefined) return { ...entry, released: { package: packageVersion, inputs } };
    if (entry.released.package === packageVersion) return entry;
    if (isNew && entry.released.inputs === inputs) return entry;
    return { ...entry, revision: entry.revision + 1, released: { package: packageVersion, inputs } };
  };
  return {
    ...lock,
    versions: Object.fromEntries(Object.entries(lock.versions).map(([version, entry]) => [version, revise(entry)])),
  };
}
