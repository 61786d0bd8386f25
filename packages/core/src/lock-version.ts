import { basename } from 'node:path';
import { followedVersion, seriesName, versionBefore } from './companion-version.ts';
import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { download, exhausted, fetchText, isUnavailable } from './fetch.ts';
import { type DebianPins, type Lock, type LockedVersion, type Pin, readLock, writeLock } from './lock.ts';
import { displayUrl } from './mirrors.ts';
import { type PlannedProgram, programsAt } from './plan.ts';
import type { Extension } from './recipe.ts';
import type { ReleaseSource, Verification } from './sources/source.ts';
import { lockDebian } from './sources/debian/debian-lock.ts';
import { changedPackages } from './sources/debian/package-changes.ts';
import { lockGoModules } from './sources/go-lock.ts';
import { type ResolvedDownload, resolveDownloads } from './sources/release.ts';
import { digestInSums } from './sums.ts';
import { fillTemplate } from './template.ts';
import { checkVersion } from './version.ts';
import { githubAssetDigest } from './versions/github.ts';
import { Upstreams } from './versions/upstreams.ts';

export interface LockOptions {
  /** Versions of companions, whatever the recipe says they follow and the lock has. */
  readonly companions?: Readonly<Record<string, string>> | undefined;
  /** Make it the version that `build` takes when none is named. */
  readonly makeDefault?: boolean | undefined;
}

/** What `lock` learned, for people to read. */
export interface LockReport {
  readonly version: string;
  readonly locked: LockedVersion;
  /** One line per source: what was pinned, and what it was checked against. */
  readonly notes: readonly string[];
}

/**
 * Learns the digests of a version and writes them to the lock. This is the only operation that
 * believes bytes it has not seen before, so it asks upstream's own checksum list, and says what
 * it could check and what not.
 *
 * A source that cannot be reached keeps the pins it has; one source at least must be pinned.
 *
 * @throws SysextError `UPSTREAM_DISAGREES` when a digest differs from what upstream publishes, or
 * from what the lock already says.
 */
export async function lockVersion(
  context: Context,
  extension: Extension,
  wanted: string,
  options: LockOptions = {},
): Promise<LockReport> {
  const version = checkVersion(wanted);
  const lock = await readLock(extension.directory);
  const before = Object.hasOwn(lock.versions, version) ? lock.versions[version] : undefined;
  const companions = await companionVersions(context, extension, lock, version, options);
  const downloads: Record<string, Pin> = {};
  const debian: Record<string, DebianPins> = {};
  const notes: string[] = [];
  const programs = programsAt(extension, version, companions);
  for (const program of programs) {
    const pinned = await lockProgram(context, extension, program, before);
    Object.assign(downloads, pinned.downloads);
    if (pinned.debian !== undefined) debian[program.name] = pinned.debian;
    notes.push(...pinned.notes);
  }
  const unpinned = Object.fromEntries(
    releaseUrls(extension, programs)
      .filter((url) => !Object.hasOwn(downloads, url))
      .map((url) => [url, before?.unpinned?.[url] ?? 'out of reach when this version was locked']),
  );
  const locked: LockedVersion = {
    ...revisionOf(before, companions, debian),
    ...(Object.keys(companions).length === 0 ? {} : { companions }),
    downloads,
    ...(Object.keys(unpinned).length === 0 ? {} : { unpinned }),
    ...(Object.keys(debian).length === 0 ? {} : { debian }),
  };
  await writeLock(extension.directory, {
    ...lock,
    default: options.makeDefault === true || lock.default === undefined ? version : lock.default,
    versions: { ...lock.versions, [version]: locked },
  });
  return { version, locked, notes };
}

/**
 * Other companions, or other packages of Debian, make another image of the same version: hosts that have it need the
 * next revision.
 */
function revisionOf(
  before: LockedVersion | undefined,
  companions: Readonly<Record<string, string>>,
  debian: Readonly<Record<string, DebianPins>>,
): Pick<LockedVersion, 'revision' | 'released'> {
  const { revision = 0, released } = before ?? {};
  if (released === undefined) return { revision };
  const hasOthers = Object.entries(companions).some(([name, version]) => before?.companions?.[name] !== version);
  const hasNewPackages = Object.entries(debian).some(
    ([name, pins]) => changedPackages(before?.debian?.[name], pins).length > 0,
  );
  return hasOthers || hasNewPackages ? { revision: revision + 1 } : { revision, released };
}

/**
 * Versions of all companions: named by the caller; else what the lock has for this version; else newer than beside the
 * version before, where the recipe lets them follow.
 */
async function companionVersions(
  context: Context,
  extension: Extension,
  lock: Lock,
  version: string,
  options: LockOptions,
): Promise<Record<string, string>> {
  const own = lock.versions[version]?.companions ?? {};
  const earlier = lock.versions[versionBefore(extension, lock, version) ?? '']?.companions ?? {};
  const upstreams = new Upstreams(context);
  const chosen: Record<string, string> = {};
  for (const name of Object.keys(extension.companions ?? {})) {
    const settled = options.companions?.[name] ?? own[name];
    const found = settled ?? (await followedOrKept(context, extension, name, version, earlier[name], upstreams));
    if (found === undefined) {
      throw new SysextError('USAGE', `${extension.name} contains ${name}, and no version of it is named or locked`, {
        hint: `add --with ${name}=<version>`,
      });
    }
    chosen[name] = checkVersion(found);
  }
  return chosen;
}

/** A companion whose upstream cannot be reached, or has none of the series yet, keeps its version, and a warning says so. */
async function followedOrKept(
  context: Context,
  extension: Extension,
  name: string,
  version: string,
  known: string | undefined,
  upstreams: Upstreams,
): Promise<string | undefined> {
  const warn = (message: string): void =>
    context.onEvent({ type: 'warning', message, hint: `--with ${name}=<version> names another` });
  const { follow } = extension.companions![name]!;
  const series = seriesName(extension, version);
  try {
    const found = await followedVersion(extension, name, version, known, upstreams);
    if (found !== undefined && follow === 'series' && seriesName(extension, found) !== series) {
      warn(`${name}: upstream has none of series ${series} yet: it stays at ${found}`);
    }
    return found;
  } catch (error) {
    if (!isUnavailable(error) || known === undefined) throw error;
    warn(`${name}: it stays at ${known}: ${error.message}`);
    return known;
  }
}

async function lockProgram(
  context: Context,
  extension: Extension,
  program: PlannedProgram,
  before: Pick<LockedVersion, 'downloads' | 'debian'> = { downloads: {} },
): Promise<{ downloads: Record<string, Pin>; debian: DebianPins | undefined; notes: string[] }> {
  const downloads: Record<string, Pin> = {};
  let debian: DebianPins | undefined;
  const notes: string[] = [];
  const failures: SysextError[] = [];
  let pinned = 0;
  for (const source of program.sources) {
    const label = `${program.name} ${program.version} ${source.kind}`;
    try {
      if (source.kind === 'goModules') {
        const toolchain = await lockGoModules(context, source, program, extension.directory);
        notes.push(`${label}: modules pinned by go.sum, compiler by ${toolchain}`);
      } else if (source.kind === 'debian') {
        debian = await lockDebian(context, source, program, extension.architectures, before.debian?.[program.name]);
        notes.push(...notesOf(label, debian));
      } else {
        for (const resolved of allDownloads(extension, source, program)) {
          const pin = await lockDownload(context, resolved, before.downloads[resolved.urls[0]]);
          downloads[resolved.urls[0]] = pin;
          notes.push(`${displayUrl(resolved.urls[0])}: sha256 ${pin.sha256}, ${pin.checked}`);
        }
      }
      pinned++;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      failures.push(error);
      const kept = source.kind === 'release' ? keptPins(extension, source, program, before.downloads) : {};
      Object.assign(downloads, kept);
      if (source.kind === 'debian') debian = before.debian?.[program.name];
      const isPinned = Object.keys(kept).length > 0 || (source.kind === 'debian' && debian !== undefined);
      if (isPinned) pinned++;
      const state = isPinned ? 'its pins stay as they are' : 'it is not pinned';
      context.onEvent({ type: 'warning', message: `${label}: ${state}: ${error.message}`, hint: error.hint });
    }
  }
  if (pinned === 0) throw exhausted(failures);
  return { downloads, debian, notes };
}

function notesOf(label: string, { packages, checked }: DebianPins): string[] {
  return Object.entries(packages).map(([arch, pins]) => `${label}: ${pins.length} packages for ${arch}, ${checked}`);
}

/** Names of all files of upstream's releases that programs consist of. */
function releaseUrls(extension: Extension, programs: readonly PlannedProgram[]): string[] {
  return programs.flatMap((program) =>
    program.sources.flatMap((source) =>
      source.kind === 'release' ? allDownloads(extension, source, program).map(({ urls }) => urls[0]) : [],
    ),
  );
}

/** The downloads of every architecture; what serves several occurs once. */
function allDownloads(
  extension: Extension,
  source: ReleaseSource,
  planned: { readonly version: string },
): ResolvedDownload[] {
  const all = extension.architectures.flatMap((arch) => resolveDownloads(source, planned, arch));
  return [...new Map(all.map((resolved) => [resolved.urls[0], resolved])).values()];
}

function keptPins(
  extension: Extension,
  source: ReleaseSource,
  planned: { readonly version: string },
  before: Readonly<Record<string, Pin>>,
): Record<string, Pin> {
  return Object.fromEntries(
    allDownloads(extension, source, planned).flatMap(({ urls: [url] }) =>
      Object.hasOwn(before, url) ? [[url, before[url]!] as const] : [],
    ),
  );
}

async function lockDownload(context: Context, resolved: ResolvedDownload, before: Pin | undefined): Promise<Pin> {
  const url = resolved.urls[0];
  const published = await publishedDigest(context, resolved);
  if (before !== undefined && published !== undefined && published.sha256 !== before.sha256) {
    throw disagreement(url, `the lock says ${before.sha256}`, `${published.source} says ${published.sha256}`);
  }
  // Already locked bytes are held to the lock; new ones are weighed as they come.
  const found = await download(context, resolved.urls, { sha256: before?.sha256 });
  if (published !== undefined && published.sha256 !== found.sha256) {
    throw disagreement(url, `${published.source} says ${published.sha256}`, `the file has ${found.sha256}`);
  }
  const checked =
    published === undefined ? 'taken as found: upstream publishes no digest' : `checked against ${published.source}`;
  return { sha256: found.sha256, size: found.size, checked };
}

function disagreement(url: string, left: string, right: string): SysextError {
  return new SysextError('UPSTREAM_DISAGREES', `${displayUrl(url)}: ${left}, but ${right}`, {
    hint: 'nothing was locked; find out from upstream why a published file changed',
  });
}

async function publishedDigest(
  context: Context,
  { download: { verify }, urls: [url], fill }: ResolvedDownload,
): Promise<{ sha256: string; source: string } | undefined> {
  if (verify === undefined) return undefined;
  const { sha256, source } = await ask(context, verify, url, fill);
  if (sha256 !== undefined) return { sha256, source };
  throw new SysextError('UPSTREAM_DISAGREES', `${source} has no (single) digest of ${displayUrl(url)}`, {
    hint: 'nothing was locked; look whether upstream renamed the file or the list',
  });
}

async function ask(
  context: Context,
  verify: Verification,
  url: string,
  fill: (template: string) => string,
): Promise<{ sha256: string | undefined; source: string }> {
  if ('githubAsset' in verify) {
    return { sha256: await githubAssetDigest(context, url), source: "GitHub's digest of the asset" };
  }
  const list = verify.sums.startsWith('{url}') ? fillTemplate(verify.sums, { url }) : fill(verify.sums);
  const { text } = await fetchText(context, list);
  return { sha256: digestInSums(text, decodeURIComponent(basename(new URL(url).pathname))), source: displayUrl(list) };
}
