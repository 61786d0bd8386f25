import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { SysextError, ioError } from '../errors.ts';
import type { BuildRecord } from '../record.ts';
import { imageVersion, isPrerelease } from '../version.ts';
import { hashFile, sha256 } from '../cache.ts';
import { syncDirectory, temporaryBeside, writeWhole } from '../write.ts';
import { checkFeed, placeOf, withVersion } from './feed.ts';
import { type ExtensionIndex, type PublishedImage, RepositoryIndex, entryOf } from './index-file.ts';
import type { Signer } from './keys.ts';
import { withKey } from './keyring.ts';
import { extensionDirectory, parseImageName, recordName } from './layout.ts';
import { announce } from './pending.ts';
import { parseRecord } from './record-file.ts';
import {
  type Repository,
  checkComponents,
  commitExtension,
  checkSigner,
  makeGeneration,
  publishedNames,
  readPublished,
  withRepository,
  writeKeyring,
  writeRepositoryIndex,
  writeTransfers,
} from './state.ts';
import { unpackedBlob } from './unpack.ts';

export interface PublishOptions {
  /** Directory of the repository; made when it is missing. */
  readonly repository: string;
  /** Where hosts fetch from: `https://sysext.example/`. What the repository says already when absent. */
  readonly baseUrl?: string | undefined;
  /** The key that signs; `undefined` publishes unsigned. */
  readonly signer: Signer | undefined;
  /** Images as `build` wrote them (`.raw` or `.raw.xz`), each with its record beside it. */
  readonly images: readonly string[];
  /** Begin the feed of a new extension as one that takes prereleases. */
  readonly prereleases?: boolean | undefined;
}

/** What publishing an image came to. */
export interface Published {
  readonly extension: string;
  readonly version: string;
  readonly arch: string;
  /** Path of the file in the repository. */
  readonly file: string;
  readonly sha256: string;
  /** False when the same bytes were there. */
  readonly added: boolean;
}

/**
 * Adds images to a repository, one extension after the other. Of each extension hosts see all of the images of a call
 * or none, whenever the process is killed; what a killed one left, the next one sweeps away.
 *
 * A published name never gets other bytes. All is checked before anything is written, but the images' own bytes, which
 * are checked while they are copied. Processes that publish to the same repository wait for each other.
 *
 * @throws SysextError `ALREADY_PUBLISHED`, with the revision to use; `FEED_CONFLICT`, `KEY_UNKNOWN`, `RECORD_INVALID`,
 * `DIGEST_MISMATCH`, `SIGNATURE_INVALID` when what is there was not signed with the same key, `USAGE`.
 */
export async function publish(context: Context, options: PublishOptions): Promise<Published[]> {
  const { signer } = options;
  const offered = await Promise.all(options.images.map(readOffered));
  return await withRepository(context, options.repository, async (repository, locked) => {
    const index = await settle(repository, options);
    const names = [...new Set(offered.map(({ record }) => record.extension))];
    const plans: Plan[] = [];
    for (const name of names) {
      const before = (await readPublished(repository, name, signer === undefined ? [] : [signer]))?.index;
      plans.push(plan(name, before, offered, options, dayOf(context)));
    }
    const known = [...Object.keys(index.extensions), ...names];
    for (const { after } of plans) checkComponents(known, after);
    await announce(
      repository.directory,
      Object.fromEntries(
        await Promise.all(plans.map(async (one) => [one.name, await newFiles(repository.directory, one)])),
      ),
    );

    if (signer === undefined) {
      context.onEvent({
        type: 'warning',
        message: `${options.repository} is unsigned: hosts take whatever the server, or anybody in between, sends`,
        hint: 'sysext key new, then publish to a new directory with --key-file',
      });
    } else {
      await writeKeyring(repository.directory, await withKey(repository.keyring, signer.publicKey));
    }
    let catalogue = await mendCatalogue(repository, index);
    const results: Published[] = [];
    for (const one of plans) {
      results.push(...(await carryOut(locked, repository, catalogue, one, signer)));
      catalogue = withExtension(catalogue, one);
      await writeRepositoryIndex(repository.directory, catalogue);
    }
    return results;
  });
}

/**
 * Files that a plan will put into an extension's directory.
 *
 * @throws SysextError `USAGE` for a name that another file has, which publishing did not put there.
 */
async function newFiles(directory: string, { name, steps }: Plan): Promise<string[]> {
  const place = extensionDirectory(directory, name);
  const files: string[] = [];
  for (const { image, added } of steps) {
    if (!added) continue;
    for (const { file, sha256: expected } of [image, image.record]) {
      const there = await hashFile(join(place, file)).catch(() => undefined);
      if (there === undefined) files.push(file);
      else if (there.sha256 !== expected) {
        throw new SysextError('USAGE', `${join(place, file)} is in the way: it lies there, and was not published`, {
          hint: 'move it away',
        });
      }
    }
  }
  return files;
}

interface Offered {
  readonly path: string;
  readonly stem: string;
  readonly record: BuildRecord;
  readonly recordBytes: Buffer;
}

/** Reads the record beside an image. */
async function readOffered(path: string): Promise<Offered> {
  const file = basename(path);
  const stem = file.replace(/\.raw(\.xz)?$/, '');
  if (stem === file) {
    throw new SysextError('USAGE', `${path} is no image: its name does not end in .raw or .raw.xz`);
  }
  const recordFile = join(dirname(path), `${stem}.json`);
  let recordBytes: Buffer;
  try {
    recordBytes = await readFile(recordFile);
  } catch (error) {
    throw new SysextError('RECORD_INVALID', `${path} has no build record beside it: ${(error as Error).message}`, {
      hint: 'sysext build writes both',
      cause: error,
    });
  }
  const record = parseRecord(recordBytes, stem, recordFile);
  const served = record.transport?.file ?? record.image.file;
  // An image that goes packed may be named by either of its files.
  return { path: join(dirname(path), served), stem, record, recordBytes };
}

/** Checks what is asked against what the repository is, and returns its catalogue to be. */
async function settle(repository: Repository, { baseUrl, signer }: PublishOptions): Promise<RepositoryIndex> {
  const { directory, index, keyring } = repository;
  const signed = index?.signed ?? (keyring === undefined ? undefined : true);
  if (signed === true && signer === undefined) {
    throw new SysextError('USAGE', `${directory} is signed: nothing unsigned is added to it`, {
      hint: 'name the key by --key-file',
    });
  }
  if (signed === false && signer !== undefined) {
    throw new SysextError('USAGE', `${directory} is unsigned: hosts that follow it check no signature`, {
      hint: 'publish to a new directory, or go on with --unsigned',
    });
  }
  checkSigner(repository, signer);
  const url = baseUrl ?? index?.baseUrl;
  if (url === undefined) {
    throw new SysextError('USAGE', `where ${directory} will be served is not known`, {
      hint: 'for example --base-url https://sysext.example/',
    });
  }
  return { schema: 1, baseUrl: checkedBaseUrl(url), signed: signer !== undefined, extensions: index?.extensions ?? {} };
}

/**
 * The URL of a repository in the one form it is kept in, with a slash at its end.
 *
 * @throws SysextError `USAGE`
 */
export function checkedBaseUrl(text: string): string {
  const url = URL.parse(text);
  const href = url?.href.replace(/\/*$/, '/') ?? '';
  if (url?.username === '' && url.password === '' && RepositoryIndex.shape.baseUrl.safeParse(href).success) return href;
  throw new SysextError('USAGE', `base URL: ${JSON.stringify(text)} is no plain http or https URL`, {
    hint: 'for example --base-url https://sysext.example/',
  });
}

/** What a publish will do with one extension. */
interface Plan {
  readonly name: string;
  readonly after: ExtensionIndex;
  readonly steps: readonly { readonly offered: Offered; readonly image: PublishedImage; readonly added: boolean }[];
}

function plan(
  name: string,
  before: ExtensionIndex | undefined,
  all: readonly Offered[],
  { prereleases }: PublishOptions,
  date: string,
): Plan {
  const isNew = before === undefined || before.versions.length === 0;
  if (prereleases === true && !isNew && before.prereleases !== true) {
    throw new SysextError('FEED_CONFLICT', `the feed of ${name} was begun as one of releases; it takes no prereleases`);
  }
  let after: ExtensionIndex = before ?? { schema: 1, name, versions: [] };
  if (isNew && prereleases === true) after = { ...after, prereleases };
  const steps = all
    .filter(({ record }) => record.extension === name)
    .map((offered) => {
      const entry = entryOf(offered.record, offered.stem, sha256(offered.recordBytes));
      checkFeed(after, entry.version);
      const { at, found } = placeOf(after.versions, entry.version.version);
      const there = found ? after.versions[at] : undefined;
      const same = there?.images.find(({ arch }) => arch === entry.image.arch);
      if (there?.yanked !== undefined) throw taken(after, offered.record, `was yanked: ${there.yanked}`);
      if (same !== undefined) {
        if (same.file === entry.image.file && same.sha256 === entry.image.sha256)
          return { offered, image: same, added: false };
        throw taken(
          after,
          offered.record,
          same.file === entry.image.file
            ? `is published with other bytes\n  published sha256 ${same.sha256}\n  offered   sha256 ${entry.image.sha256}`
            : `is published as ${same.file}: hosts would see one version twice`,
        );
      }
      const images = [...(there?.images ?? []), entry.image].toSorted((a, b) => (a.arch < b.arch ? 1 : -1));
      after = withVersion(after, { ...entry.version, date, ...there, images });
      return { offered, image: entry.image, added: true };
    });
  if (prereleases === true && !steps.some(({ offered }) => isPrerelease(offered.record.version)) && isNew) {
    throw new SysextError('USAGE', `${name}: --prereleases, and none of the images is one`);
  }
  return { name, after, steps };
}

/** A name that is taken: what by, and which one is free. */
function taken({ name, versions }: ExtensionIndex, record: BuildRecord, why: string): SysextError {
  const revisions = versions.filter(({ upstream }) => upstream === record.version).map(({ revision }) => revision);
  const revision = Math.max(record.revision, ...revisions) + 1;
  const free = imageVersion({ version: record.version, revision });
  return new SysextError('ALREADY_PUBLISHED', `${name} ${imageVersion(record)} ${record.architecture} ${why}`, {
    hint: `publish it as ${free}: set "revision": ${revision} for ${record.version} in extension.lock.json, and build again`,
    data: { version: free, revision },
  });
}

/** Day of the publish in UTC; `SOURCE_DATE_EPOCH` (seconds) stands in for the clock. */
function dayOf({ env }: Context): string {
  const epoch = env['SOURCE_DATE_EPOCH'];
  const time = epoch !== undefined && /^\d{1,11}$/.test(epoch) ? new Date(Number(epoch) * 1000) : new Date();
  return time.toISOString().slice(0, 10);
}

/**
 * Mends the catalogue that a publish did not come to write before it was killed, and writes transfers anew where the
 * repository moves to another URL. Returns the catalogue.
 */
async function mendCatalogue(repository: Repository, index: RepositoryIndex): Promise<RepositoryIndex> {
  const { directory } = repository;
  const moved = repository.index !== undefined && repository.index.baseUrl !== index.baseUrl;
  const extensions = { ...index.extensions };
  for (const name of await publishedNames(directory)) {
    if (!moved && Object.hasOwn(extensions, name)) continue;
    const published = await readPublished(repository, name, []);
    if (published === undefined) continue;
    await writeTransfers(directory, published.index, { baseUrl: index.baseUrl, verify: index.signed });
    extensions[name] ??= catalogued(await newestRecord(directory, published.index));
  }
  const mended = { ...index, extensions };
  if (repository.index !== undefined) await writeRepositoryIndex(directory, mended);
  return mended;
}

/** The catalogue after a publish: what it says of an extension comes from the newest version. */
function withExtension(index: RepositoryIndex, { name, after, steps }: Plan): RepositoryIndex {
  const newest = steps.find(({ offered }) => imageVersion(offered.record) === after.versions[0]!.version);
  if (newest === undefined && Object.hasOwn(index.extensions, name)) return index;
  const { record } = (newest ?? steps[0]!).offered;
  return { ...index, extensions: { ...index.extensions, [name]: catalogued(record) } };
}

/** What the catalogue says of an extension. */
function catalogued({ extension, summary, homepage, licence }: BuildRecord): RepositoryIndex['extensions'][string] {
  return { summary, homepage, licence, index: `${extension}/index.json` };
}

async function newestRecord(directory: string, { name, versions }: ExtensionIndex): Promise<BuildRecord> {
  const { file, record } = versions[0]!.images[0]!;
  const path = join(extensionDirectory(directory, name), record.file);
  return parseRecord(await readFile(path), parseImageName(name, file)!.stem, path);
}

async function carryOut(
  context: Context,
  { directory }: Repository,
  index: RepositoryIndex,
  { name, after, steps }: Plan,
  signer: Signer | undefined,
): Promise<Published[]> {
  const place = extensionDirectory(directory, name);
  for (const { offered, image, added } of steps) {
    if (added) await copyImage(context, place, offered);
    else if (!(await isIntact(place, image))) {
      context.onEvent({ type: 'warning', message: `${image.file} is missing or damaged there; it is put back` });
      await copyImage(context, place, offered);
    }
  }
  context.signal.throwIfAborted();
  const subject = `${name} ${steps.map(({ offered }) => imageVersion(offered.record)).join(', ')}`;
  if (steps.some(({ added }) => added)) {
    await commitExtension(directory, after, await makeGeneration(after, signer), {
      baseUrl: index.baseUrl,
      verify: index.signed,
    });
  }
  context.onEvent({ type: 'end', step: 'publish', subject, cached: !steps.some(({ added }) => added) });
  return steps.map(({ offered, image, added }) => ({
    extension: name,
    version: imageVersion(offered.record),
    arch: image.arch,
    file: join(place, image.file),
    sha256: image.sha256,
    added,
  }));
}

/** Copies an image and its record to their places; its bytes have to be those of the record. */
async function copyImage(context: Context, place: string, { path, stem, record, recordBytes }: Offered): Promise<void> {
  const { file, size, sha256: expected } = record.transport ?? record.image;
  const target = join(place, file);
  const temporary = temporaryBeside(target);
  const subject = file;
  context.onEvent({ type: 'start', step: 'publish', subject });
  try {
    await mkdir(place, { recursive: true });
    const found = await copyHashed(context, path, temporary);
    if (found !== expected) throw otherBytes(path, expected, found);
    if (record.transport !== undefined) {
      const raw = await unpackedBlob(context, temporary);
      if (raw.sha256 !== record.image.sha256) throw otherBytes(`${path}, unpacked`, record.image.sha256, raw.sha256);
    }
    await rename(temporary, target);
    await writeWhole(join(place, recordName(stem)), recordBytes);
    await syncDirectory(place);
    context.onEvent({ type: 'progress', step: 'publish', subject, done: size, total: size });
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(error, 'cannot publish', target);
  }
}

/** Whether a published file is there with the bytes it was published with. */
async function isIntact(place: string, { file, size, sha256: expected }: PublishedImage): Promise<boolean> {
  const found = await hashFile(join(place, file)).catch(() => undefined);
  return found?.size === size && found.sha256 === expected;
}

function otherBytes(path: string, expected: string, found: string): SysextError {
  return new SysextError(
    'DIGEST_MISMATCH',
    `${path} is not the image of the build record beside it\n  expected sha256 ${expected}\n  found    sha256 ${found}`,
    { hint: 'build it again' },
  );
}

/** Copies a file durably, and returns the digest of what was read. */
async function copyHashed(context: Context, from: string, to: string): Promise<string> {
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', 0o644);
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        context.signal.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, buffer.length);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        await target.writeFile(buffer.subarray(0, bytesRead));
      }
      await target.sync();
      return hash.digest('hex');
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
