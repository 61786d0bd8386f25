import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { SysextError, ioError } from '../errors.ts';
import { nameProblem } from '../recipe.ts';
import { componentOf, renderTransfer } from '../sysupdate.ts';
import { writeWhole } from '../write.ts';
import { type Generation, hasGeneration, readGeneration, readIfThere, writeGeneration } from './generation.ts';
import {
  ExtensionIndex,
  RepositoryIndex,
  parseIndex,
  readOwnIndex,
  renderExtensionIndex,
  renderRepositoryIndex,
  renderSumsOf,
  seriesIn,
} from './index-file.ts';
import { type Keyring, checkSignature, describeKey, parseKeyring } from './keyring.ts';
import type { Signer } from './keys.ts';
import {
  extensionDirectory,
  indexName,
  indexSignatureName,
  keyringNames,
  signatureNames,
  sumsName,
  transferNames,
} from './layout.ts';
import { withLock } from './lock-file.ts';
import { settled, sweep } from './pending.ts';

/** A repository on disk as those see it who may change it. */
export interface Repository {
  readonly directory: string;
  /** `undefined` for one that nothing was published to yet. */
  readonly index: RepositoryIndex | undefined;
  /** `undefined` for an unsigned one, and before the first publish. */
  readonly keyring: Keyring | undefined;
}

/**
 * Does something with a repository while nobody else changes it; the directory is made when it is missing. What was
 * announced (see `pending.ts`) and did not come to be published is removed, now or by the next call.
 *
 * @param work gets a context that is aborted should the lock be lost.
 */
export async function withRepository<T>(
  context: Context,
  directory: string,
  work: (repository: Repository, context: Context) => Promise<T>,
): Promise<T> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw ioError(error, 'cannot make the repository', directory);
  }
  return await withLock(context, join(directory, '.lock'), async (locked) => {
    await sweep(directory);
    const repository = await readRepository(directory);
    try {
      const result = await work(repository, locked);
      await settled(directory);
      return result;
    } catch (error) {
      if (!locked.signal.aborted) await sweep(directory);
      throw error;
    }
  });
}

/** Reads what a repository says about itself. */
async function readRepository(directory: string): Promise<Repository> {
  const indexPath = join(directory, indexName);
  const data = await readIfThere(indexPath);
  const index = data === undefined ? undefined : parseIndex(RepositoryIndex, data, indexPath);
  const keyringPath = join(directory, keyringNames[0]);
  const bytes = await readIfThere(keyringPath);
  const keyring = bytes === undefined ? undefined : await parseKeyring(bytes, keyringPath);
  if (index?.signed === true && keyring === undefined) {
    throw new SysextError('REPOSITORY_INVALID', `${directory} says that it is signed, and has no ${keyringNames[0]}`, {
      hint: `put the keyring back: sysext key export --key-file FILE -o ${keyringPath}`,
    });
  }
  return { directory, index, keyring };
}

/**
 * The index of an extension, `undefined` when nothing of it is published.
 *
 * What is there has to be what `signer` signed before: a key never signs what somebody else wrote into an index.
 *
 * @param signers whose signature counts; none for an unsigned repository.
 * @throws SysextError `SIGNATURE_INVALID`, `REPOSITORY_INVALID`.
 */
export async function readPublished(
  { directory }: Repository,
  name: string,
  signers: readonly Pick<Signer, 'publicKey' | 'fingerprint' | 'userIds'>[],
): Promise<{ readonly index: ExtensionIndex; readonly signedBy: readonly string[] } | undefined> {
  const place = extensionDirectory(directory, name);
  const generation = await readGeneration(place);
  if (generation === undefined) return undefined;
  try {
    const keyring = await keyringOf(signers);
    return await checkGeneration(generation, name, place, keyring, keyring === undefined ? undefined : readOwnIndex);
  } catch (error) {
    if (!(error instanceof SysextError) || error.code !== 'SIGNATURE_INVALID') throw error;
    throw new SysextError(error.code, `${error.message}\nnothing is signed on top of what somebody else signed`, {
      cause: error,
      hint: `sign with the key that signed it, or change keys by sysext key rotate; sysext verify ${directory} looks at all of it`,
    });
  }
}

async function keyringOf(signers: readonly Pick<Signer, 'publicKey'>[]): Promise<Keyring | undefined> {
  if (signers.length === 0) return undefined;
  return await parseKeyring(Buffer.concat(signers.map(({ publicKey }) => publicKey)), 'the key');
}

/**
 * Checks that a generation is whole: signatures by keys of the keyring, an index of the name, and the list that
 * follows from it.
 *
 * @param read reads the index once its signature is found good; by its schema when absent.
 */
export async function checkGeneration(
  generation: Generation,
  name: string,
  where: string,
  keyring: Keyring | undefined,
  read: (data: Uint8Array, where: string) => ExtensionIndex = (data, path) => parseIndex(ExtensionIndex, data, path),
): Promise<{ readonly index: ExtensionIndex; readonly signedBy: readonly string[] }> {
  const part = (file: keyof Generation): Uint8Array => {
    const data = generation[file];
    if (data !== undefined) return data;
    const code = file === sumsName || file === indexName ? 'REPOSITORY_INVALID' : 'SIGNATURE_INVALID';
    throw new SysextError(code, `${where}/${file} is missing`);
  };
  const signedBy = new Set<string>();
  if (keyring !== undefined) {
    const [name, otherName] = signatureNames;
    // The same bytes under another name need no other look.
    const names = Buffer.compare(part(name), part(otherName)) === 0 ? [name] : signatureNames;
    for (const [file, signature] of [
      ...names.map((signatureName) => [sumsName, signatureName] as const),
      [indexName, indexSignatureName] as const,
    ]) {
      const by = await checkSignature(keyring, part(file), part(signature), `${where}/${file} (${signature})`);
      for (const fingerprint of by) signedBy.add(fingerprint);
    }
  }
  const index = read(part(indexName), `${where}/${indexName}`);
  if (index.name !== name) {
    throw new SysextError('REPOSITORY_INVALID', `${where}/${indexName} is the one of ${index.name}, not of ${name}`);
  }
  if (Buffer.compare(part(sumsName), Buffer.from(renderSumsOf(index))) !== 0) {
    throw new SysextError(
      'REPOSITORY_INVALID',
      `${where}/${sumsName} does not list what ${indexName} says is published`,
    );
  }
  return { index, signedBy: [...signedBy] };
}

/** The documents of a generation, signed unless `signer` is absent. */
export async function makeGeneration(index: ExtensionIndex, signer: Signer | undefined): Promise<Generation> {
  const sums = Buffer.from(renderSumsOf(index));
  const catalogue = Buffer.from(renderExtensionIndex(index));
  if (signer === undefined) return { [sumsName]: sums, [indexName]: catalogue };
  const signature = Buffer.from(await signer.sign(sums));
  return {
    [sumsName]: sums,
    ...Object.fromEntries(signatureNames.map((name) => [name, signature])),
    [indexName]: catalogue,
    [indexSignatureName]: Buffer.from(await signer.sign(catalogue)),
  };
}

/** Writes the documents of an extension: its transfers first, then the generation that makes the rest visible. */
export async function commitExtension(
  directory: string,
  index: ExtensionIndex,
  generation: Generation,
  transfers: { readonly baseUrl: string; readonly verify: boolean },
): Promise<void> {
  await writeTransfers(directory, index, transfers);
  await writeGeneration(extensionDirectory(directory, index.name), generation);
}

/** Transfers of an extension and its series, by file name. */
export function transfersOf(
  index: ExtensionIndex,
  transfers: { readonly baseUrl: string; readonly verify: boolean },
): Map<string, string> {
  return new Map(
    [undefined, ...seriesIn(index)].flatMap((series) => {
      const text = renderTransfer(index.name, { ...transfers, series });
      return transferNames(index.name, series).map((file) => [file, text] as const);
    }),
  );
}

/** Writes those transfers that are missing or other ones. */
export async function writeTransfers(
  directory: string,
  index: ExtensionIndex,
  transfers: { readonly baseUrl: string; readonly verify: boolean },
): Promise<void> {
  for (const [file, text] of transfersOf(index, transfers)) {
    await writeChanged(join(extensionDirectory(directory, index.name), file), Buffer.from(text));
  }
}

/** Writes the catalogue of a repository, unless it says so already. */
export async function writeRepositoryIndex(directory: string, index: RepositoryIndex): Promise<void> {
  await writeChanged(join(directory, indexName), Buffer.from(renderRepositoryIndex(index)));
}

/** Writes the keyring under both of its names. */
export async function writeKeyring(directory: string, { bytes }: Keyring): Promise<void> {
  for (const name of keyringNames) await writeChanged(join(directory, name), bytes);
}

async function writeChanged(path: string, data: Uint8Array): Promise<void> {
  const there = await readIfThere(path);
  if (there === undefined || Buffer.compare(there, data) !== 0) await writeWhole(path, data);
}

/** Extensions that have something published, by their directories. */
export async function publishedNames(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name !== 'keys' && nameProblem(name) === undefined);
  const found = await Promise.all(
    names.map(async (name) => ((await hasGeneration(extensionDirectory(directory, name))) ? [name] : [])),
  );
  return found.flat().toSorted();
}

/** Refuses an extension whose component on a host would be that of another's series, or the other way round. */
export function checkComponents(indexed: readonly string[], index: ExtensionIndex): void {
  const clash = seriesIn(index).find((series) => indexed.includes(componentOf(index.name, series)));
  if (clash === undefined) return;
  throw new SysextError(
    'FEED_CONFLICT',
    `series ${clash.name} of ${index.name} has the component ${componentOf(index.name, clash)} on hosts, and so has the extension of that name`,
  );
}

/**
 * Checks that a key may sign: the first of the keyring may. One that was only announced must not, since hosts may not
 * have it yet.
 *
 * @throws SysextError `KEY_UNKNOWN`
 */
export function checkSigner({ directory, keyring }: Repository, signer: Signer | undefined): void {
  if (signer === undefined || keyring === undefined) return;
  const place = keyring.keys.findIndex(({ fingerprint }) => fingerprint === signer.fingerprint);
  if (place === 0) return;
  if (place < 0) throw keyUnknown(directory, signer, keyring);
  throw new SysextError(
    'KEY_UNKNOWN',
    `the key ${describeKey(signer)} is announced to hosts of ${directory}, and does not sign yet; ${describeKey(keyring.keys[0]!)} does`,
    { hint: 'once every host has the keyring: sysext key rotate --finish' },
  );
}

/** What two keys are called where one was expected and the other is there. */
export function keyUnknown(
  repository: string,
  signer: Pick<Signer, 'fingerprint' | 'userIds'>,
  keyring: Keyring,
): SysextError {
  return new SysextError(
    'KEY_UNKNOWN',
    `hosts of ${repository} do not have the key ${describeKey(signer)}; they have ${keyring.keys.map(describeKey).join('; ')}`,
    { hint: `sysext key rotate --key-file OLD --new-key-file NEW --repo ${repository} hands it to them` },
  );
}
