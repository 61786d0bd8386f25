import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Cache } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError, ioError } from '../errors.ts';
import { syncDirectory, temporaryBeside, writeWhole } from '../write.ts';
import { type Generation, readGeneration } from './generation.ts';
import { type ExtensionIndex, type PublishedImage, RepositoryIndex, parseIndex } from './index-file.ts';
import { type Keyring, describeKey, parseKeyring } from './keyring.ts';
import { extensionDirectory, indexName, keyringNames } from './layout.ts';
import { checkedBaseUrl } from './publish.ts';
import { type RepositoryReader, directoryReader, isUrl, urlReader } from './reader.ts';
import { indexProblems } from './rules.ts';
import {
  type Repository,
  checkGeneration,
  commitExtension,
  withRepository,
  writeKeyring,
  writeRepositoryIndex,
} from './state.ts';
import { announce } from './pending.ts';
import { checkedRecord, readChecked } from './verify.ts';

export interface MirrorOptions {
  /** Address or directory of the repository to copy. */
  readonly source: string;
  /** Directory of the copy; made when it is missing. */
  readonly directory: string;
  /** Names of extensions; all when absent. */
  readonly only?: readonly string[] | undefined;
  /** Keys that may sign. When absent, those the copy has; for its first time, those the repository says it has. */
  readonly keyring?: Keyring | undefined;
  /** Where the copy will be served, for its transfers; they go on to name the source when absent. */
  readonly baseUrl?: string | undefined;
  /** Copy a repository without signatures. */
  readonly unsigned?: boolean | undefined;
}

/** What mirroring came to. */
export interface MirrorReport {
  readonly extensions: readonly string[];
  /** Images that were fetched, as paths relative to the copy. */
  readonly fetched: readonly string[];
  /** Bytes of them. */
  readonly bytes: number;
}

/**
 * Copies a repository, or some of its extensions, with its signatures as they are. Nothing becomes visible before it
 * is verified; what is there is not fetched again; an interrupted download is gone on with by the next call.
 *
 * @throws SysextError `SIGNATURE_INVALID`, `DIGEST_MISMATCH`, `RECORD_INVALID`, `REPOSITORY_INVALID`, `FEED_CONFLICT` for
 * a repository that does not verify; `UNKNOWN_EXTENSION`; what a download throws.
 */
export async function mirror(context: Context, options: MirrorOptions): Promise<MirrorReport> {
  const { source, directory } = options;
  return await withRepository(context, directory, async (repository) => {
    // On the file system of the copy, so that a finished download only has to be renamed.
    const cache = new Cache(join(directory, '.mirror'));
    const reader = isUrl(source) ? urlReader(context, source, cache) : directoryReader(source);
    const report = await copyAll(context, reader, repository, options);
    await rm(cache.directory, { recursive: true, force: true });
    return report;
  });
}

async function copyAll(
  context: Context,
  reader: RepositoryReader,
  repository: Repository,
  options: MirrorOptions,
): Promise<MirrorReport> {
  const { directory } = repository;
  const data = await reader.read(indexName);
  if (data === undefined) {
    throw new SysextError('REPOSITORY_INVALID', `${reader.where} is no repository: it has no ${indexName}`);
  }
  const origin = parseIndex(RepositoryIndex, data, `${reader.where}/${indexName}`);
  const names = chosen(reader, origin, options.only);
  const keyring = await trusted(context, reader, origin, repository, options);
  const url = options.baseUrl ?? repository.index?.baseUrl;
  const baseUrl = url === undefined ? origin.baseUrl : checkedBaseUrl(url);
  const transfers = { baseUrl, verify: origin.signed };

  const fetched: string[] = [];
  let bytes = 0;
  const extensions: RepositoryIndex['extensions'] = { ...repository.index?.extensions };
  for (const name of names) {
    context.onEvent({ type: 'start', step: 'mirror', subject: name });
    const { index: offered, generation } = await readChecked(reader, name, keyring);
    const problems = indexProblems(offered);
    if (problems.length > 0) {
      throw new SysextError('FEED_CONFLICT', `hosts would go wrong over ${name}:\n  ${problems.join('\n  ')}`);
    }
    const place = extensionDirectory(directory, name);
    await announce(directory, { [name]: [] });
    const there = await readGeneration(place);
    const had = there === undefined ? undefined : await whole(there, name, place, keyring);
    const present = new Set(had?.versions.flatMap(({ images }) => images.map(keyOf)));
    for (const version of offered.versions) {
      for (const image of version.images) {
        if (present.has(keyOf(image))) continue;
        const record = await reader.read(`${name}/${image.record.file}`);
        checkedRecord(offered, version, image, record);
        if (await fetchImage(reader, name, image, place)) {
          fetched.push(`${name}/${image.file}`);
          bytes += image.size;
        }
        await writeWhole(join(place, image.record.file), record!);
      }
    }
    if (keyring !== undefined) await writeKeyring(directory, keyring);
    if (!sameDocuments(there, generation)) await commitExtension(directory, offered, generation, transfers);
    extensions[name] = origin.extensions[name]!;
    await writeRepositoryIndex(directory, { ...origin, baseUrl, extensions });
    const kept = new Set(offered.versions.flatMap(({ images }) => images.map(keyOf)));
    for (const image of had?.versions.flatMap(({ images }) => images) ?? []) {
      if (kept.has(keyOf(image))) continue;
      for (const file of [image.file, image.record.file]) await rm(join(place, file), { force: true });
    }
    context.onEvent({ type: 'end', step: 'mirror', subject: name, cached: sameDocuments(there, generation) });
  }
  return { extensions: names, fetched, bytes };
}

function chosen(
  reader: RepositoryReader,
  { extensions }: RepositoryIndex,
  only: readonly string[] | undefined,
): readonly string[] {
  const known = Object.keys(extensions);
  const unknown = only?.find((name) => !Object.hasOwn(extensions, name));
  if (unknown === undefined) return only ?? known;
  throw new SysextError(
    'UNKNOWN_EXTENSION',
    `${reader.where} has no ${JSON.stringify(unknown)}; it has ${known.join(', ')}`,
  );
}

/** The keys that count, see {@link MirrorOptions.keyring}; `undefined` for an unsigned repository. */
async function trusted(
  context: Context,
  reader: RepositoryReader,
  origin: RepositoryIndex,
  repository: Repository,
  { keyring: given, unsigned }: MirrorOptions,
): Promise<Keyring | undefined> {
  const expected = given ?? repository.keyring;
  if (!origin.signed) {
    if (unsigned !== true || expected !== undefined) {
      throw new SysextError('SIGNATURE_INVALID', `${reader.where} is unsigned`, {
        hint:
          expected === undefined
            ? 'copy it all the same by --unsigned'
            : 'ask whoever publishes it; the copy is signed',
      });
    }
    return undefined;
  }
  if (repository.index?.signed === false) {
    throw new SysextError('USAGE', `${repository.directory} is unsigned, and ${reader.where} is signed`, {
      hint: 'mirror it to a new directory',
    });
  }
  const bytes = await reader.read(keyringNames[0]);
  const own = bytes === undefined ? undefined : await parseKeyring(bytes, `${reader.where}/${keyringNames[0]}`);
  if (expected === undefined) {
    if (own === undefined) throw new SysextError('KEY_INVALID', `${reader.where}/${keyringNames[0]} is missing`);
    context.onEvent({
      type: 'warning',
      message: `the keys of ${reader.where} are taken on trust: ${own.keys.map(describeKey).join('; ')}`,
      hint: 'compare the fingerprint with one from another place, or name a keyring by --keyring',
    });
    return own;
  }
  const known = new Set(expected.keys.map(({ fingerprint }) => fingerprint));
  const strange = own?.keys.filter(({ fingerprint }) => !known.has(fingerprint)) ?? [];
  if (strange.length > 0) {
    context.onEvent({
      type: 'warning',
      message: `${reader.where} has a key that the copy does not: ${strange.map(describeKey).join('; ')}`,
      hint: 'once you know whose it is, name a keyring that holds it by --keyring',
    });
  }
  return expected;
}

/** What the copy has, if it is whole; else all of it is looked at again. */
async function whole(
  generation: Generation,
  name: string,
  place: string,
  keyring: Keyring | undefined,
): Promise<ExtensionIndex | undefined> {
  try {
    return (await checkGeneration(generation, name, place, keyring)).index;
  } catch (error) {
    if (error instanceof SysextError) return undefined;
    throw error;
  }
}

const keyOf = ({ file, sha256, record }: PublishedImage): string => `${file} ${sha256} ${record.sha256}`;

function sameDocuments(a: Generation | undefined, b: Generation): boolean {
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b)]) as Set<keyof Generation>;
  return (
    a !== undefined &&
    [...names].every((name) => {
      const [left, right] = [a[name], b[name]];
      return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
    })
  );
}

/** Puts an image at its place; false when an earlier, killed call has done so. */
async function fetchImage(
  reader: RepositoryReader,
  name: string,
  image: PublishedImage,
  place: string,
): Promise<boolean> {
  const target = join(place, image.file);
  const local = directoryReader(dirname(place));
  const path = `${name}/${image.file}`;
  if (
    (await local.sizeOf(path)) === image.size &&
    (await local.file(path, image).catch(() => undefined)) !== undefined
  ) {
    return false;
  }
  const temporary = temporaryBeside(target);
  try {
    await mkdir(place, { recursive: true });
    await reader.copy(path, image, temporary);
    await settle(temporary);
    await rename(temporary, target);
    await syncDirectory(place);
    return true;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(error, 'cannot write the copy', target);
  }
}

async function settle(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.chmod(0o644);
    await file.sync();
  } finally {
    await file.close();
  }
}
