import { writeFile } from 'node:fs/promises';
import {
  type Context,
  type PublicKeyFacts,
  type Signer,
  SysextError,
  armorKeyring,
  beginRotation,
  createKey,
  describeKey,
  finishRotation,
  loadSigner,
  parseKeyring,
  readKeyring,
} from '@sysext/core';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { repositorySettings } from '../settings.ts';

interface KeyOptions extends CommonOptions {
  readonly keyFile?: string;
}

const shown = ({ fingerprint, userIds }: Pick<Signer, 'fingerprint' | 'userIds'>): Omit<PublicKeyFacts, 'created'> => ({
  fingerprint,
  userIds,
});

/** `sysext key new`: makes a signing key. */
export async function keyNewCommand(
  options: KeyOptions & { readonly keyFile: string; readonly name?: string; readonly email?: string },
): Promise<void> {
  await session(options, async (context) => {
    const signer = await createKey(context, options.keyFile, options);
    printResult(options.json, { file: options.keyFile, ...shown(signer) }, () => describeKey(signer));
  });
}

/** `sysext key show`: fingerprints of a signing key or of a keyring. */
export async function keyShowCommand(options: KeyOptions & { readonly keyring?: string }): Promise<void> {
  await session(options, async (context) => {
    const keys =
      options.keyring === undefined
        ? [shown(await loadSigner(context, options.keyFile))]
        : (await readKeyring(options.keyring)).keys;
    printResult(options.json, keys, () => keys.map(describeKey).join('\n'));
  });
}

/** `sysext key export`: writes the keyring for hosts. */
export async function keyExportCommand(
  options: KeyOptions & { readonly output?: string; readonly armor?: boolean },
): Promise<void> {
  await session(options, async (context) => {
    const keyring = await parseKeyring((await loadSigner(context, options.keyFile)).publicKey, 'the key');
    const data = options.armor === true ? await armorKeyring(keyring) : keyring.bytes;
    if (options.output !== undefined) {
      await writeFile(options.output, data);
      printResult(options.json, { file: options.output, keys: keyring.keys }, () => options.output!);
      return;
    }
    if (process.stdout.isTTY && options.armor !== true) {
      throw new SysextError('USAGE', 'a binary keyring is nothing for a terminal', {
        hint: 'name a file by --output, or add --armor (which hosts do not take)',
      });
    }
    process.stdout.write(data);
  });
}

interface RotateOptions extends KeyOptions {
  readonly newKeyFile: string;
  readonly repo?: string;
  readonly finish?: boolean;
}

/** `sysext key rotate`: changes the key of a repository, in two steps. */
export async function keyRotateCommand(options: RotateOptions): Promise<void> {
  await session(options, async (context) => {
    const { repository, signer: oldSigner } = await repositorySettings(context, options);
    const newSigner = await loadOrCreate(context, options);
    const rotation = { repository, oldSigner: oldSigner!, newSigner };
    if (options.finish === true) {
      const extensions = await finishRotation(context, rotation);
      return printResult(options.json, { signedBy: shown(newSigner), extensions }, () =>
        [`signed anew: ${extensions.join(', ') || 'nothing'}`, `key: ${describeKey(newSigner)}`].join('\n'),
      );
    }
    const { keys } = await beginRotation(context, rotation);
    printResult(options.json, { keys }, () =>
      [
        'hosts now have to get keys/import-pubring.gpg with both keys:',
        ...keys.map((key) => `  ${describeKey(key)}`),
        'when they have, run the same command with --finish',
      ].join('\n'),
    );
  });
}

/** The new key: made by the first step, where it is not there. It may have a passphrase of its own. */
async function loadOrCreate(shared: Context, { newKeyFile, finish }: RotateOptions): Promise<Signer> {
  const { SYSEXT_NEW_KEY_PASSPHRASE: own, SYSEXT_KEY_PASSPHRASE: old } = shared.env;
  const context = { ...shared, env: { ...shared.env, SYSEXT_KEY_PASSPHRASE: own ?? old } };
  if (finish === true) return await loadSigner(context, newKeyFile);
  try {
    return await createKey(context, newKeyFile);
  } catch (error) {
    if (error instanceof SysextError && error.code === 'USAGE') return await loadSigner(context, newKeyFile);
    throw error;
  }
}
