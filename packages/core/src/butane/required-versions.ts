import { SysextError } from '../errors.ts';
import { readLock } from '../lock.ts';
import { bareVersion } from '../plan.ts';
import type { Extension, VersionRange } from '../recipe.ts';
import { fillTemplate, placeholdersOf } from '../template.ts';
import { isVersionOf } from '../version-range.ts';

/**
 * The versions of other extensions that an image works with, by the recipe; companions' versions are those of the lock.
 *
 * @param version of the image, with its revision.
 * @throws SysextError `UNKNOWN_VERSION` where a companion's version is needed, and the lock does not name the image's.
 */
export async function requiredVersions(
  extension: Extension,
  version: string,
): Promise<Readonly<Record<string, VersionRange>>> {
  const { requiresVersion = {} } = extension;
  const templates = Object.values(requiresVersion).map(({ exactly = '' }) => exactly);
  if (templates.every((template) => placeholdersOf(template).length === 0)) return requiresVersion;
  const { versions } = await readLock(extension.directory);
  const [upstream, locked] = Object.entries(versions).find(([each]) => isVersionOf(each, version)) ?? [];
  if (upstream === undefined || locked === undefined) {
    throw new SysextError('UNKNOWN_VERSION', `${extension.name}: the lock does not say what version ${version} needs`);
  }
  const values = { ...locked.companions, version: upstream, bare: bareVersion(upstream) };
  return Object.fromEntries(
    Object.entries(requiresVersion).map(([other, { exactly, ...range }]) => [
      other,
      exactly === undefined ? range : { ...range, exactly: fillTemplate(exactly, values) },
    ]),
  );
}
