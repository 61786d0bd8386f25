import { open, readFile, stat } from 'node:fs/promises';
import type { PrivateKey } from 'openpgp';
import type { Context } from '../context.ts';
import { SysextError, ioError, systemCode } from '../errors.ts';
import { openpgp } from './openpgp.ts';

/** A key that signs. What is secret about it cannot be reached from here, and is in no message. */
export interface Signer {
  /** 40 lower-case hexadecimal digits. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  /** The public key in binary form, as keyrings hold it. */
  readonly publicKey: Uint8Array;
  /** An armored detached signature of some bytes. */
  readonly sign: (data: Uint8Array) => Promise<string>;
}

export interface NewKeyOptions {
  /** Whose key it is; part of the public key. */
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

/** Environment variables that keys and passphrases are taken from. */
const variables = { key: 'SYSEXT_KEY', file: 'SYSEXT_KEY_FILE', passphrase: 'SYSEXT_KEY_PASSPHRASE' } as const;

const hint = `sysext key new --key-file FILE makes one; name it by --key-file, ${variables.file} or, the key itself, ${variables.key}`;

/**
 * Makes a signing key (ed25519, of the form that every gpg understands), and writes it to a file that only its owner
 * can read. With `SYSEXT_KEY_PASSPHRASE` set, it is encrypted with that. It never expires: hosts would not notice
 * (gpg takes signatures of expired keys), and is replaced by `sysext key rotate`.
 *
 * @throws SysextError `USAGE` when the file is there: a key is never overwritten.
 */
export async function createKey(
  context: Context,
  file: string,
  { name = 'sysext', email }: NewKeyOptions = {},
): Promise<Signer> {
  const { generateKey } = await openpgp();
  const passphrase = context.env[variables.passphrase];
  let armored: string;
  try {
    const made = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      subkeys: [],
      userIDs: [{ name, ...(email === undefined ? {} : { email }) }],
      format: 'armored',
      config: { nonDeterministicSignaturesViaNotation: false },
      ...(passphrase ? { passphrase } : {}),
    });
    armored = made.privateKey;
  } catch (error) {
    throw new SysextError('USAGE', `no key can be made for ${JSON.stringify(name)}: ${(error as Error).message}`);
  }
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(armored);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw new SysextError('USAGE', `${file} is already there, and a key is never overwritten`, {
        hint: 'choose another name, or sysext key show --key-file to see whose key it is',
      });
    }
    throw ioError(error, 'cannot write the key', file);
  }
  return await readSigner(armored, file, passphrase);
}

/**
 * Loads the key that signs: from the file, or what `SYSEXT_KEY` holds or `SYSEXT_KEY_FILE` names. The passphrase, if
 * it has one, is in `SYSEXT_KEY_PASSPHRASE`.
 *
 * @throws SysextError `USAGE` when none is named; `KEY_INVALID`, `IO`.
 */
export async function loadSigner(context: Context, file?: string): Promise<Signer> {
  const { env, onEvent } = context;
  const passphrase = env[variables.passphrase];
  const inline = env[variables.key];
  if (file === undefined && inline) return await readSigner(inline, variables.key, passphrase);
  const path = file ?? (env[variables.file] || undefined);
  if (path === undefined) throw new SysextError('USAGE', 'no signing key is named', { hint });
  let armored: string;
  try {
    armored = await readFile(path, 'utf8');
    if (((await stat(path)).mode & 0o077) !== 0) {
      onEvent({ type: 'warning', message: `${path} can be read by others`, hint: `chmod 600 ${path}` });
    }
  } catch (error) {
    throw ioError(error, 'cannot read the key', path);
  }
  return await readSigner(armored, path, passphrase);
}

async function readSigner(armored: string, where: string, passphrase: string | undefined): Promise<Signer> {
  const key = await unlock(await readPrivate(armored, where), where, passphrase);
  const { createMessage, sign } = await openpgp();
  return {
    fingerprint: key.getFingerprint(),
    userIds: key.getUserIDs(),
    publicKey: key.toPublic().write(),
    sign: async (data) =>
      await sign({
        message: await createMessage({ binary: data }),
        signingKeys: key,
        detached: true,
        format: 'armored',
        // Notations are not needed for ed25519, whose signatures depend on no random number.
        config: { nonDeterministicSignaturesViaNotation: false },
      }),
  };
}

async function readPrivate(armored: string, where: string): Promise<PrivateKey> {
  const { readPrivateKey } = await openpgp();
  try {
    return await readPrivateKey({ armoredKey: armored });
  } catch {
    // The reason may quote the input.
    const what = armored.includes('PUBLIC KEY BLOCK') ? 'it is a public key' : 'it is no armored OpenPGP private key';
    throw new SysextError('KEY_INVALID', `${where} cannot sign: ${what}`, { hint });
  }
}

async function unlock(key: PrivateKey, where: string, passphrase: string | undefined): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (!passphrase) {
    throw new SysextError('KEY_INVALID', `${where} has a passphrase, and none was given`, {
      hint: `set ${variables.passphrase}`,
    });
  }
  const { decryptKey } = await openpgp();
  try {
    return await decryptKey({ privateKey: key, passphrase });
  } catch {
    throw new SysextError('KEY_INVALID', `${where}: the passphrase is wrong`, {
      hint: `correct ${variables.passphrase}`,
    });
  }
}
