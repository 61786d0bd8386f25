import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ButaneFunction } from './butane/define.ts';
import { composeButane } from './butane/compose.ts';
import { exampleFragment } from './butane/example.ts';
import { renderButane } from './butane/render.ts';
import { type VersionChange, changesetFor } from './changeset.ts';
import type { Context } from './context.ts';
import { SysextError, ioError, systemCode } from './errors.ts';
import { lockVersion } from './lock-version.ts';
import { type Lock, lockFileName, readLock, writeLock } from './lock.ts';
import type { Extension } from './recipe.ts';
import { changedPackages } from './sources/debian/package-changes.ts';
import { type UpdatePlan, followedBy, planUpdate } from './update-plan.ts';
import type { Newer } from './versions/newer.ts';
import { Upstreams } from './versions/upstreams.ts';
import { writeAllWhole } from './write.ts';

export interface UpdateOptions {
  /** Learn this version; without one, the newest of every series that the lock holds. */
  readonly version?: string | undefined;
  /** Versions of companions, whatever the recipe says they follow. */
  readonly companions?: Readonly<Record<string, string>> | undefined;
  /** Learn and check everything, and write nothing. */
  readonly dryRun?: boolean | undefined;
}

/** An extension to update. */
export interface UpdateTarget {
  readonly extension: Extension;
  /** How it is deployed: renews the document that is shown with it. */
  readonly butane?: ButaneFunction | undefined;
}

/** What an update brought. */
export interface UpdateReport {
  readonly extension: string;
  /** Nothing, when the lock holds the newest already. */
  readonly changes: readonly VersionChange[];
  /** Series that are new, and that an update takes only by name. */
  readonly newSeries: readonly Newer[];
  /** What was pinned, and what it was checked against. */
  readonly notes: readonly string[];
  /** Files that were written, or would be, in that order. */
  readonly files: readonly string[];
}

/** What the updates of several extensions brought, and which of them failed. */
export interface UpdatesReport {
  readonly updates: readonly UpdateReport[];
  readonly failures: readonly { readonly extension: string; readonly error: SysextError }[];
}

/**
 * Brings extensions up to what their upstreams have released: learns versions as `lockVersion` does, with the
 * companions that a recipe lets follow, and new revisions of Debian's packages; makes the newest of the default's series the default; renews the Butane
 * document that is shown; writes a changeset.
 *
 * Each extension is updated whole or not at all: everything is learned and rendered before the first file is
 * written, and the lock is written last, so that an update that a crash cut off is done again by the next. One that
 * fails, by its upstream or otherwise, becomes one of `failures` and keeps no other from being updated.
 */
export async function updateExtensions(
  context: Context,
  targets: readonly UpdateTarget[],
  options: UpdateOptions = {},
): Promise<UpdatesReport> {
  const upstreams = new Upstreams(context);
  if (options.version === undefined) await upstreams.askAll(targets.flatMap(({ extension }) => followedBy(extension)));
  const updates: UpdateReport[] = [];
  const failures: { extension: string; error: SysextError }[] = [];
  for (const target of targets) {
    try {
      updates.push(await updateExtension(context, target, upstreams, options));
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof SysextError)) throw error;
      failures.push({ extension: target.extension.name, error });
    }
  }
  return { updates, failures };
}

async function updateExtension(
  context: Context,
  { extension, butane }: UpdateTarget,
  upstreams: Upstreams,
  options: UpdateOptions,
): Promise<UpdateReport> {
  const lock = await readLock(extension.directory);
  const plan = await planUpdate(context, extension, lock, upstreams, options);
  const report = { extension: extension.name, newSeries: plan.newSeries };
  if (plan.steps.length === 0) return { ...report, changes: [], notes: [], files: [] };
  const staging = await context.cache.temporaryPath();
  try {
    const notes = await learn(context, { ...extension, directory: staging }, lock, plan);
    const learned = await changedFiles(staging, extension.directory);
    const after = await readLock(staging);
    const changes = learned.length === 0 ? [] : changesBetween(extension.name, lock, after, plan);
    const isLock = ([path]: File): boolean => path === join(extension.directory, lockFileName);
    const files = [
      ...learned.filter((file) => !isLock(file)),
      ...(await shownDocument(extension, after, butane)),
      ...(await changeset(extension, changes)),
      ...learned.filter(isLock),
    ];
    if (options.dryRun !== true) await writeAllWhole(files);
    return { ...report, changes, notes, files: files.map(([path]) => path) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

type File = readonly [path: string, data: string | Uint8Array];

async function learn(context: Context, staged: Extension, lock: Lock, { steps }: UpdatePlan): Promise<string[]> {
  await mkdir(staged.directory, { recursive: true });
  await writeLock(staged.directory, lock);
  const notes: string[] = [];
  for (const { version, companions, makeDefault } of steps) {
    notes.push(...(await lockVersion(context, staged, version, { companions, makeDefault })).notes);
  }
  return notes;
}

/** Files below `from` that `to` lacks, or has with other bytes; as they will be called in `to`. */
async function changedFiles(from: string, to: string): Promise<File[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const changed: File[] = [];
  for (const path of paths.toSorted()) {
    const target = join(to, relative(from, path));
    const data = await readFile(path);
    if (!data.equals((await existing(target)) ?? Buffer.alloc(0))) changed.push([target, data]);
  }
  return changed;
}

async function existing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw ioError(error, 'cannot read', path);
  }
}

/**
 * The Butane document, when one is shown and it changed. One that shows required extensions too is left to the
 * contract suite, which has them all.
 */
async function shownDocument(extension: Extension, lock: Lock, butane: ButaneFunction | undefined): Promise<File[]> {
  const path = join(extension.directory, 'butane', `${extension.name}.yaml`);
  const shown = await existing(path);
  if (extension.requires !== undefined || shown === undefined || butane === undefined || lock.default === undefined)
    return [];
  const text = renderButane(composeButane([await exampleFragment(butane, lock.default)]));
  return shown.toString('utf8') === text ? [] : [[path, text]];
}

async function changeset(extension: Extension, changes: readonly VersionChange[]): Promise<File[]> {
  const file = changes.length === 0 ? undefined : await changesetFor(extension, changes);
  return file === undefined ? [] : [file];
}

/** What is new in the lock; where it is nothing, what was pinned anew. */
function changesBetween(name: string, before: Lock, after: Lock, { steps }: UpdatePlan): VersionChange[] {
  const changes = steps.flatMap(({ version, from, companionsBefore }): VersionChange[] => {
    const isKnown = Object.hasOwn(before.versions, version);
    const isDefault = after.default === version && before.default !== version;
    const revised = (program: string): Pick<VersionChange, 'packages'> => {
      const packages = isKnown
        ? changedPackages(before.versions[version]?.debian?.[program], after.versions[version]?.debian?.[program])
        : [];
      return packages.length === 0 ? {} : { packages };
    };
    const own = { program: name, from: isKnown ? version : from, to: version, isDefault, ...revised(name) };
    const companions = Object.entries(after.versions[version]?.companions ?? {}).flatMap(([program, to]) => {
      const from = companionsBefore[program];
      const { packages } = revised(program);
      if (from !== to) return [{ program, from, to, beside: version }];
      return packages === undefined ? [] : [{ program, from, to, beside: version, packages }];
    });
    return [...(isKnown && !isDefault && own.packages === undefined ? [] : [own]), ...companions];
  });
  if (changes.length > 0) return changes;
  return steps.map(({ version }) => ({ program: name, from: version, to: version }));
}
