import { sha256 } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import type { Extension } from '../recipe.ts';
import type { BuildRecord } from '../record.ts';
import type { Generation } from './generation.ts';
import {
  type ExtensionIndex,
  type PublishedImage,
  type PublishedVersion,
  RepositoryIndex,
  entryOf,
  parseIndex,
} from './index-file.ts';
import { type Keyring, type PublicKeyFacts, describeKey, parseKeyring } from './keyring.ts';
import { indexName, keyringNames, parseImageName, sumsName } from './layout.ts';
import { type RepositoryReader, withReader } from './reader.ts';
import { rebuild } from './rebuild.ts';
import { parseRecord } from './record-file.ts';
import { indexProblems } from './rules.ts';
import { checkGeneration, transfersOf } from './state.ts';
import { parseSums } from './sums-file.ts';
import { unpackedBlob } from './unpack.ts';

export interface VerifyOptions {
  /** A directory, or the address that a repository is served at. */
  readonly source: string;
  /** Keys that may sign; the repository's own when absent, which says only that it is whole. */
  readonly keyring?: Keyring | undefined;
  /** Read signatures, indexes, transfers and records, and no image. */
  readonly indexOnly?: boolean | undefined;
  /** Finds the recipe of an extension, to build each image again from. */
  readonly recipes?: ((name: string) => Promise<Extension>) | undefined;
}

/** Something that is not as it should be. */
export interface RepositoryProblem {
  /** File it is about, relative to the repository. */
  readonly path: string;
  readonly message: string;
}

/** What checking a repository found. */
export interface VerifyReport {
  readonly problems: readonly RepositoryProblem[];
  /** Keys the signatures were checked by; none in an unsigned repository. */
  readonly keys: readonly PublicKeyFacts[];
  readonly extensions: number;
  readonly versions: number;
  readonly images: number;
  /** Bytes of images that were read. */
  readonly bytes: number;
}

/**
 * Checks everything that a repository serves: signatures, digests, records, transfers, and the rules that publishing
 * keeps. All problems are found, not the first.
 *
 * @throws SysextError when the repository cannot be read at all.
 */
export async function verifyRepository(context: Context, options: VerifyOptions): Promise<VerifyReport> {
  return await withReader(
    context,
    options.source,
    async (reader) => await new Verification(context, reader, options).run(),
  );
}

class Verification {
  readonly #context: Context;
  readonly #reader: RepositoryReader;
  readonly #options: VerifyOptions;
  readonly #problems: RepositoryProblem[] = [];
  readonly #counts = { extensions: 0, versions: 0, images: 0, bytes: 0 };

  constructor(context: Context, reader: RepositoryReader, options: VerifyOptions) {
    this.#context = context;
    this.#reader = reader;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    const data = await this.#reader.read(indexName);
    if (data === undefined) {
      throw new SysextError('REPOSITORY_INVALID', `${this.#reader.where} is no repository: it has no ${indexName}`);
    }
    const index = parseIndex(RepositoryIndex, data, `${this.#reader.where}/${indexName}`);
    const keyring = index.signed ? await this.#keyring() : this.#unsigned();
    for (const name of Object.keys(index.extensions)) {
      this.#counts.extensions++;
      this.#context.onEvent({ type: 'start', step: 'verify', subject: name });
      await this.#attempt(`${name}/${sumsName}`, async () => await this.#extension(name, index, keyring));
      this.#context.onEvent({ type: 'end', step: 'verify', subject: name, cached: false });
    }
    return { problems: this.#problems, keys: keyring?.keys ?? [], ...this.#counts };
  }

  /** Does one check; what it throws on purpose is a problem, and the others go on. */
  async #attempt(path: string, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      if (!(error instanceof SysextError)) throw error;
      this.#report(path, error.message);
    }
  }

  #report(path: string, message: string): void {
    this.#problems.push({ path, message });
  }

  #unsigned(): undefined {
    const { keyring } = this.#options;
    if (keyring !== undefined)
      this.#report(indexName, 'the repository says that it is unsigned, and a keyring was given');
    this.#context.onEvent({
      type: 'warning',
      message: `${this.#reader.where} is unsigned: this says that it is whole, and not whose it is`,
    });
  }

  /** The given keyring, or the repository's own. */
  async #keyring(): Promise<Keyring | undefined> {
    let own: Keyring | undefined;
    const [first, second] = await Promise.all(keyringNames.map(async (name) => await this.#reader.read(name)));
    await this.#attempt(keyringNames[0], async () => {
      if (first === undefined) throw new SysextError('KEY_INVALID', 'it is missing');
      own = await parseKeyring(first, keyringNames[0]);
      if (second === undefined || Buffer.compare(first, second) !== 0) {
        throw new SysextError('KEY_INVALID', `${keyringNames[1]} does not hold the same keys`);
      }
    });
    if (this.#options.keyring !== undefined) return this.#options.keyring;
    if (own !== undefined) {
      this.#context.onEvent({
        type: 'warning',
        message: `signatures are checked by the repository's own keyring: ${own.keys.map(describeKey).join('; ')}`,
        hint: 'compare the fingerprint with one from another place, or name that keyring by --keyring',
      });
    }
    return own;
  }

  async #extension(name: string, repository: RepositoryIndex, keyring: Keyring | undefined): Promise<void> {
    const { index } = await readChecked(this.#reader, name, keyring);
    const images = index.versions.flatMap((version) => version.images.map((image) => ({ version, image })));
    this.#counts.versions += index.versions.length;
    this.#counts.images += images.length;
    for (const problem of indexProblems(index)) this.#report(`${name}/${indexName}`, problem);
    for (const [file, text] of transfersOf(index, { baseUrl: repository.baseUrl, verify: repository.signed })) {
      const path = `${name}/${file}`;
      await this.#attempt(path, async () => {
        const there = await this.#reader.read(path);
        if (there === undefined) throw new SysextError('REPOSITORY_INVALID', 'the transfer is missing');
        if (Buffer.from(there).toString('utf8') !== text) {
          throw new SysextError('REPOSITORY_INVALID', 'the transfer is not the one that publishing writes');
        }
      });
    }
    for (const { version, image } of images) await this.#image(index, version, image);
  }

  async #image(index: ExtensionIndex, version: PublishedVersion, image: PublishedImage): Promise<void> {
    const path = `${index.name}/${image.file}`;
    let record: BuildRecord | undefined;
    await this.#attempt(`${index.name}/${image.record.file}`, async () => {
      record = checkedRecord(index, version, image, await this.#reader.read(`${index.name}/${image.record.file}`));
    });
    await this.#attempt(path, async () => {
      const size = await this.#reader.sizeOf(path);
      if (size === 'absent') throw new SysextError('REPOSITORY_INVALID', 'the image is missing');
      if (this.#options.indexOnly !== true) await this.#bytes(path, image);
      else if (size !== 'unknown' && size !== image.size) {
        throw new SysextError('SIZE_MISMATCH', `it has ${size} bytes instead of ${image.size}`);
      }
    });
    const { recipes } = this.#options;
    if (recipes === undefined || record === undefined) return;
    const published = record;
    await this.#attempt(path, async () => {
      const found = await rebuild(this.#context, await recipes(index.name), published);
      for (const message of found) this.#report(path, message);
    });
  }

  async #bytes(path: string, image: PublishedImage): Promise<void> {
    const file = await this.#reader.file(path, image);
    try {
      this.#counts.bytes += image.size;
      if (image.raw === undefined) return;
      const raw = await unpackedBlob(this.#context, file);
      if (raw.sha256 !== image.raw.sha256 || raw.size !== image.raw.size) {
        throw new SysextError('DIGEST_MISMATCH', `it does not unpack to the image of its record, ${image.raw.sha256}`);
      }
    } finally {
      await this.#reader.release(file);
    }
  }
}

/**
 * The documents of an extension, checked by {@link checkGeneration}. Over HTTP they are read one by one: where a publish
 * came between them, they are read again.
 */
export async function readChecked(
  reader: RepositoryReader,
  name: string,
  keyring: Keyring | undefined,
): Promise<{ readonly index: ExtensionIndex; readonly generation: Generation }> {
  let before: string | undefined;
  for (;;) {
    const generation = await reader.generation(name);
    try {
      const { index } = await checkGeneration(generation, name, `${reader.where}/${name}`, keyring);
      parseSums(generation[sumsName]!, `${reader.where}/${name}/${sumsName}`);
      return { index, generation };
    } catch (error) {
      const now = sha256(Buffer.concat(Object.values(generation)));
      // The same documents again: it is how they are.
      if (now === before) throw error;
      before = now;
    }
  }
}

/**
 * The record that an index names: its bytes, and everything the index says of the image, have to fit.
 *
 * @throws SysextError `RECORD_INVALID`
 */
export function checkedRecord(
  index: ExtensionIndex,
  version: PublishedVersion,
  image: PublishedImage,
  data: Uint8Array | undefined,
): BuildRecord {
  const path = `${index.name}/${image.record.file}`;
  if (data === undefined) throw new SysextError('RECORD_INVALID', `${path}: the build record is missing`);
  const found = sha256(data);
  if (found !== image.record.sha256) {
    throw new SysextError('RECORD_INVALID', `${path} has sha256 ${found} instead of ${image.record.sha256}`);
  }
  const stem = parseImageName(index.name, image.file)?.stem ?? image.file;
  const record = parseRecord(data, stem, path);
  const entry = entryOf(record, stem, found);
  const says = { ...version, ...image };
  const differing = Object.entries({ ...entry.version, ...entry.image })
    // A version has one entry for all of its images: the first of them wrote what they share.
    .filter(([key]) => imageFields.has(key))
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(says[key as keyof typeof says]))
    .map(([key]) => key);
  if (differing.length > 0) {
    throw new SysextError('RECORD_INVALID', `${path} says otherwise than the index about ${differing.join(', ')}`);
  }
  return record;
}

const imageFields: ReadonlySet<string> = new Set([
  'version',
  'upstream',
  'revision',
  'arch',
  'file',
  'size',
  'sha256',
  'raw',
  'record',
]);
