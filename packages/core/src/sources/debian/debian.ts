import * as z from 'zod';
import type { Arch } from '../../arch.ts';
import { type Artifact, ArtifactMember } from '../../artifact.ts';
import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { download } from '../../fetch.ts';
import type { DebianPin, DebianPins } from '../../lock.ts';
import { type PlannedProgram, templateValues } from '../../plan.ts';
import type { DebianSource } from '../source.ts';
import { type Selection, compileSelection } from '../../selection.ts';
import { fillTemplate } from '../../template.ts';
import { allPresent } from '../take.ts';
import { type Archives, debianArchives, packageUrl } from './archives.ts';
import { bundle } from './bundle.ts';
import { type Deb, type Library, librariesOf, takeFromDeb } from './deb.ts';
import { nameOf } from './package-changes.ts';

/** Directory of the image with the loader and the libraries of a program; no leading slash. */
export const librariesDirectory = (program: Pick<PlannedProgram, 'name'>): string => `usr/lib/${program.name}`;

/**
 * Brings in what the recipe takes out of Debian's packages, with the libraries it needs.
 *
 * The bytes of a package come from a mirror of this machine or from the snapshot archive, and are the ones the lock
 * names, or the build stops.
 *
 * @throws SysextError `NOT_LOCKED` without pins for the suite and architecture, and what `download`, `readArchive` and
 * `bundle` throw.
 */
export async function acquireDebian(
  context: Context,
  source: DebianSource,
  program: PlannedProgram,
  arch: Arch,
  pins: DebianPins | undefined,
): Promise<Pick<Artifact, 'members' | 'inputs' | 'tools'>> {
  const pinned = pins?.suite === source.suite ? pins.packages[arch] : undefined;
  if (pins === undefined || pinned === undefined) {
    throw new SysextError(
      'NOT_LOCKED',
      `the lock names no packages of Debian ${source.suite} for ${program.name}, ${arch}`,
    );
  }
  const inputs = pinned.map((pin) => ({
    kind: 'download' as const,
    url: packageUrl(pins.timestamp, pin),
    sha256: pin.sha256,
    size: pin.size,
  }));
  const { suite: _, ...rest } = source;
  const key = { result: 'debian', format: 2, pinned, source: rest, program: [program.name, program.version], arch };
  const stored = await context.cache.readResult(key, z.array(ArtifactMember));
  const subject = `${program.name} ${program.version} ${arch}, Debian`;
  if (stored !== undefined && (await allPresent(context, stored))) {
    context.onEvent({ type: 'end', step: 'unpack', subject, cached: true });
    return { members: stored, inputs, tools: {} };
  }
  const archives = await debianArchives(context);
  const debs: Deb[] = [];
  for (const pin of pinned) debs.push(await downloadDeb(context, archives, pins.timestamp, pin));
  context.onEvent({ type: 'start', step: 'unpack', subject });
  const taken = await takeAll(
    context,
    source,
    program,
    arch,
    debs.filter(({ path }) => isNamed(source, path)),
  );
  const find = async (name: string): Promise<Library | undefined> => await libraryIn(context, debs, name);
  const members = await bundle(context, librariesDirectory(program), taken, find);
  await context.cache.writeResult(key, members);
  context.onEvent({ type: 'end', step: 'unpack', subject, cached: false, detail: `${members.length} files` });
  return { members, inputs, tools: {} };
}

/** Brings a package into the cache. */
export async function downloadDeb(
  context: Context,
  archives: Archives,
  timestamp: string,
  pin: DebianPin,
): Promise<Deb> {
  const { path, sha256, size } = pin;
  return { path, ...(await download(context, archives.packageUrls(timestamp, pin), { sha256, size })) };
}

/** What the recipe takes out of the packages that it names. */
export async function takeAll(
  context: Context,
  source: DebianSource,
  program: Pick<PlannedProgram, 'name' | 'version'>,
  arch: Arch,
  debs: readonly Deb[],
): Promise<ArtifactMember[]> {
  const values = templateValues(program, arch, triplets);
  const selection: Selection = compileSelection(
    { url: `https://debian.invalid/${source.packages[0]}`, take: source.take, leave: source.leave },
    (template) => fillTemplate(template, values),
  );
  const matched = new Set<string>();
  const members: ArtifactMember[] = [];
  for (const deb of debs) members.push(...(await takeFromDeb(context, deb, selection, matched)));
  const missing = selection.missing(matched);
  if (missing.length === 0) return members;
  throw new SysextError(
    'MEMBER_MISSING',
    `${debs.map(({ path }) => path).join(', ')}: no member matches ${missing.map((each) => JSON.stringify(each)).join(', ')}`,
    { hint: 'compare "take" in the recipe with what dpkg-deb --contents shows' },
  );
}

/** What Debian's directories of libraries are called: `usr/lib/{arch}/`. */
const triplets = { 'x86-64': 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const;

async function libraryIn(context: Context, debs: readonly Deb[], name: string): Promise<Library | undefined> {
  for (const deb of debs) {
    const found = (await librariesOf(context, deb)).get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a path in the archive is of a package that the recipe names: `keepalived_2.3.3-1_amd64.deb`. */
function isNamed({ packages }: DebianSource, path: string): boolean {
  return packages.includes(nameOf({ path }));
}
