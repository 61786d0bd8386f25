import picomatch from 'picomatch';
import * as z from 'zod';
import type { Arch } from '../arch.ts';
import { type Artifact, ArtifactMember, type Input } from '../artifact.ts';
import { type Member, formatOf, readArchive } from '../archive.ts';
import type { Blob } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { download } from '../fetch.ts';
import type { LockedVersion, Pin } from '../lock.ts';
import { displayUrl } from '../mirrors.ts';
import { type PlannedProgram, templateValues } from '../plan.ts';
import type { ArchiveFormat, Download, ReleaseSource } from './source.ts';
import { type Selection, compileSelection, rawPlacement } from '../selection.ts';
import { fillTemplate } from '../template.ts';
import { isInRange } from '../version-range.ts';
import { type Deb, takeFromDeb } from './debian/deb.ts';
import { allPresent, storeContent, takeMembers } from './take.ts';

/** A download with everything filled in. */
export interface ResolvedDownload {
  readonly download: Download;
  /** Addresses of the same bytes; the first is its name in the lock. */
  readonly urls: readonly [string, ...string[]];
  readonly format: ArchiveFormat;
  readonly fill: (template: string) => string;
}

/** The downloads a release source consists of, for one version and architecture. */
export function resolveDownloads(
  source: ReleaseSource,
  program: Pick<PlannedProgram, 'version'>,
  arch: Arch,
): ResolvedDownload[] {
  return source.downloads
    .filter(({ when }) => isInRange(when, program.version))
    .map((download) => {
      const values = templateValues(program, arch, download.arch);
      const fill = (template: string): string => fillTemplate(template, values);
      const [first, ...others] = [download.url].flat().map(fill);
      return { download, urls: [first!, ...others], format: download.format ?? formatOf(first!), fill };
    });
}

/**
 * Brings in the files that upstream publishes, and what the recipe takes out of them.
 *
 * @throws SysextError `NOT_LOCKED` when the lock has no digest for a URL, and what `download`
 * and `readArchive` throw.
 */
export async function acquireRelease(
  context: Context,
  source: ReleaseSource,
  program: PlannedProgram,
  arch: Arch,
  { downloads, unpinned = {} }: Pick<LockedVersion, 'downloads' | 'unpinned'>,
): Promise<Pick<Artifact, 'members' | 'inputs' | 'tools'>> {
  const pinned = resolveDownloads(source, program, arch).map((resolved) => {
    const [url] = resolved.urls;
    if (Object.hasOwn(downloads, url)) return { resolved, pin: downloads[url]! };
    const why = Object.hasOwn(unpinned, url) ? `: ${unpinned[url]}` : '';
    throw new SysextError('NOT_LOCKED', `the lock holds no digest for ${displayUrl(url)}${why}`);
  });
  const members: ArtifactMember[] = [];
  const inputs: Input[] = [];
  for (const { resolved, pin } of pinned) {
    const { blob, found } = await acquireDownload(context, resolved, pin);
    members.push(...found);
    inputs.push({ kind: 'download', url: resolved.urls[0], ...blob });
  }
  return { members, inputs, tools: {} };
}

async function acquireDownload(
  context: Context,
  resolved: ResolvedDownload,
  pin: Pin,
): Promise<{ blob: Blob; found: readonly ArtifactMember[] }> {
  const { format } = resolved;
  if (format === 'raw') {
    const blob = (await presentRaw(context, resolved, pin)) ?? (await download(context, resolved.urls, pin));
    return { blob, found: [await rawMember(context, resolved, blob)] };
  }
  const { packages, take, leave, strip } = resolved.download;
  const key = {
    result: 'unpack',
    format: 1,
    archive: pin.sha256,
    packages,
    take,
    leave,
    strip,
    names: resolved.fill('{version} {arch}'),
  };
  const stored = await context.cache.readResult(key, Unpacked);
  if (stored !== undefined && (await allPresent(context, stored.members))) {
    context.onEvent({ type: 'end', step: 'unpack', subject: displayUrl(resolved.urls[0]), cached: true });
    return { blob: { sha256: pin.sha256, size: stored.size }, found: stored.members };
  }
  const { sha256, size } = await download(context, resolved.urls, pin);
  const found = await unpack(context, resolved, { sha256, size }, format);
  await context.cache.writeResult(key, { size, members: found } satisfies z.output<typeof Unpacked>);
  return { blob: { sha256, size }, found };
}

const Unpacked = z.strictObject({ size: z.int(), members: z.array(ArtifactMember) });

/** A file that goes into the image as it is gets hashed there; being in the cache is enough here. */
async function presentRaw(context: Context, { urls }: ResolvedDownload, pin: Pin): Promise<Blob | undefined> {
  const size = pin.size ?? (await context.cache.sizeOf(pin.sha256));
  if (size === undefined || !(await context.cache.has({ sha256: pin.sha256, size }))) return undefined;
  context.onEvent({ type: 'end', step: 'download', subject: displayUrl(urls[0]), cached: true });
  return { sha256: pin.sha256, size };
}

async function rawMember(context: Context, resolved: ResolvedDownload, blob: Blob): Promise<ArtifactMember> {
  const { path, mode } = rawPlacement(resolved.download, resolved.fill);
  return { type: 'file', path, mode: mode ?? ((await isProgram(context, blob)) ? 0o755 : 0o644), ...blob };
}

/** A file by itself has no permission bits; what begins like a program is one. */
async function isProgram(context: Context, blob: Blob): Promise<boolean> {
  const head = await context.cache.readHead(blob.sha256, 4);
  return head.toString('latin1') === '\u007fELF' || head.toString('latin1', 0, 2) === '#!';
}

async function unpack(
  context: Context,
  resolved: ResolvedDownload,
  archive: Blob,
  format: Exclude<ArchiveFormat, 'raw'>,
): Promise<ArtifactMember[]> {
  const where = displayUrl(resolved.urls[0]);
  const selection = compileSelection(resolved.download, resolved.fill);
  const matched = new Set<string>();
  context.onEvent({ type: 'start', step: 'unpack', subject: where });
  const read = async (visit: (member: Member) => Promise<void>): Promise<void> =>
    await readArchive(context, archive, format, where, visit);
  const { packages } = resolved.download;
  const members =
    packages === undefined
      ? await takeMembers(context, read, selection, matched, where)
      : await takeFromPackages(context, read, resolved.fill(packages), selection, matched, where);
  const missing = selection.missing(matched);
  if (missing.length > 0) {
    throw new SysextError(
      'MEMBER_MISSING',
      `${where}: the archive has no member that matches ${missing.map((pattern) => JSON.stringify(resolved.fill(pattern))).join(', ')}`,
      {
        hint: 'compare "take" and "strip" in the recipe with what tar --list shows; a version range may be needed ("when")',
      },
    );
  }
  context.onEvent({ type: 'end', step: 'unpack', subject: where, cached: false, detail: `${members.length} files` });
  return members;
}

/** What the Debian packages install that an archive holds. */
async function takeFromPackages(
  context: Context,
  read: (visit: (member: Member) => Promise<void>) => Promise<void>,
  pattern: string,
  selection: Selection,
  matched: Set<string>,
  where: string,
): Promise<ArtifactMember[]> {
  const isPackage = picomatch(pattern);
  const debs: Deb[] = [];
  await read(async (member) => {
    if (member.type !== 'file' || !isPackage(member.name)) return;
    debs.push({ path: `${where}: ${member.name}`, ...(await storeContent(context, member)) });
  });
  const members: ArtifactMember[] = [];
  for (const deb of debs) members.push(...(await takeFromDeb(context, deb, selection, matched)));
  return members;
}
