import type { Context } from '../context.ts';
import type { Lock } from '../lock.ts';
import { type Extension, programsOf } from '../recipe.ts';
import type { DebianSource } from '../sources/source.ts';
import { type PackageChange, newerPackages } from '../sources/debian/package-changes.ts';
import { isInRange } from '../version-range.ts';
import { keptUp } from './newer.ts';

/** The locked version of a program whose packages are newer in Debian today. */
export interface NewRevision {
  readonly version: string;
  /** Of a companion: the locked version of the extension that it is beside. */
  readonly beside?: string;
  readonly packages: readonly PackageChange[];
}

/** New revisions of a program out of Debian, at each locked version of the extension that is kept up. */
export async function newRevisions(
  context: Context,
  extension: Extension,
  lock: Lock,
  program: string,
): Promise<NewRevision[]> {
  const revisions: NewRevision[] = [];
  for (const [version] of keptUp(extension, lock)) {
    const revision = await newRevision(context, extension, lock, version, program);
    if (revision !== undefined) revisions.push(revision);
  }
  return revisions;
}

/** Whether any program of a locked version has a new revision. */
export async function hasNewRevision(
  context: Context,
  extension: Extension,
  lock: Lock,
  version: string,
): Promise<boolean> {
  for (const [program] of programsOf(extension)) {
    if ((await newRevision(context, extension, lock, version, program)) !== undefined) return true;
  }
  return false;
}

async function newRevision(
  context: Context,
  extension: Extension,
  lock: Lock,
  version: string,
  program: string,
): Promise<NewRevision | undefined> {
  const { companions, debian } = lock.versions[version]!;
  const isOwn = program === extension.name;
  const own = isOwn ? version : companions?.[program];
  const pins = debian?.[program];
  if (own === undefined || pins === undefined) return undefined;
  const source = programsOf(extension)
    .flatMap(([name, { sources }]) => (name === program ? sources : []))
    .find((each): each is DebianSource => each.kind === 'debian' && isInRange(each.when, own));
  if (source === undefined) return undefined;
  const packages = await newerPackages(context, source, own, pins);
  if (packages.length === 0) return undefined;
  return { version: own, ...(isOwn ? {} : { beside: version }), packages };
}
