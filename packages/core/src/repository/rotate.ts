import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { type Keyring, withKey, withoutKey } from './keyring.ts';
import type { Signer } from './keys.ts';
import {
  type Repository,
  keyUnknown,
  makeGeneration,
  publishedNames,
  readPublished,
  withRepository,
  writeKeyring,
} from './state.ts';
import { announce } from './pending.ts';
import { writeGeneration } from './generation.ts';
import { extensionDirectory } from './layout.ts';

export interface RotateOptions {
  readonly repository: string;
  readonly oldSigner: Signer;
  readonly newSigner: Signer;
}

/**
 * First half of changing the key: puts the new one into the keyring beside the old one, which goes on signing. Hosts
 * have to get this keyring before the second half; those that did not refuse every update after it.
 *
 * @throws SysextError `KEY_UNKNOWN` when the old key is not one of the repository's; `USAGE` for an unsigned one.
 */
export async function beginRotation(
  context: Context,
  { repository: directory, oldSigner, newSigner }: RotateOptions,
): Promise<Keyring> {
  return await withRepository(context, directory, async (repository) => {
    const keyring = await withKey(keyringWith(repository, oldSigner), newSigner.publicKey);
    await writeKeyring(directory, keyring);
    return keyring;
  });
}

/**
 * Second half: signs every index with the new key, then drops the old one from the keyring. Interrupted, it can be run
 * again.
 *
 * @returns names of the extensions that were signed anew.
 * @throws SysextError `KEY_UNKNOWN` when the first half was not run; `SIGNATURE_INVALID` when an index is signed by
 * neither of the two.
 */
export async function finishRotation(
  context: Context,
  { repository: directory, oldSigner, newSigner }: RotateOptions,
): Promise<string[]> {
  return await withRepository(context, directory, async (repository) => {
    const keyring = keyringWith(repository, newSigner);
    const resigned: string[] = [];
    const names = await publishedNames(directory);
    await announce(directory, Object.fromEntries(names.map((name) => [name, []])));
    for (const name of names) {
      const { index, signedBy } = (await readPublished(repository, name, [oldSigner, newSigner]))!;
      if (signedBy.every((fingerprint) => fingerprint === newSigner.fingerprint)) continue;
      await writeGeneration(extensionDirectory(directory, name), await makeGeneration(index, newSigner));
      resigned.push(name);
    }
    if (oldSigner.fingerprint !== newSigner.fingerprint) {
      await writeKeyring(directory, await withoutKey(keyring, oldSigner.fingerprint));
    }
    return resigned;
  });
}

function keyringWith({ directory, keyring }: Repository, signer: Signer): Keyring {
  if (keyring === undefined) {
    throw new SysextError('USAGE', `${directory} has no keyring: there is no key to change`, {
      hint: 'sysext publish --key-file begins a signed repository',
    });
  }
  if (keyring.keys.some(({ fingerprint }) => fingerprint === signer.fingerprint)) return keyring;
  throw keyUnknown(directory, signer, keyring);
}
