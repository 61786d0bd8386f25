import { readFile } from 'node:fs/promises';
import type { PublicKey } from 'openpgp';
import { SysextError, ioError } from '../errors.ts';
import { openpgp } from './openpgp.ts';

/** A public key, as people compare it. */
export interface PublicKeyFacts {
  /** 40 lower-case hexadecimal digits. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  /** Day on which it was made, `2026-11-25`. */
  readonly created: string;
}

/** Public keys, and the bytes that hosts have them in. */
export interface Keyring {
  readonly keys: readonly PublicKeyFacts[];
  /** Binary form: gpg takes no armored keyring. */
  readonly bytes: Uint8Array;
}

const parsed = new WeakMap<Keyring, readonly PublicKey[]>();

/**
 * Reads a keyring in the binary form that hosts take.
 *
 * @throws SysextError `KEY_INVALID`; an armored keyring, and one with a private key in it, is refused.
 */
export async function parseKeyring(bytes: Uint8Array, where: string): Promise<Keyring> {
  if (Buffer.from(bytes.subarray(0, 64)).toString('latin1').trimStart().startsWith('-----BEGIN')) {
    throw new SysextError('KEY_INVALID', `${where} is armored, and hosts take binary keyrings only`, {
      hint: `gpg --dearmor < ${where} > keyring.gpg`,
    });
  }
  const { readKeys } = await openpgp();
  let keys: PublicKey[];
  try {
    keys = await readKeys({ binaryKeys: bytes });
  } catch {
    throw new SysextError('KEY_INVALID', `${where} is no OpenPGP keyring`, {
      hint: 'sysext key export --key-file FILE writes one',
    });
  }
  if (keys.some((key) => key.isPrivate())) {
    throw new SysextError('KEY_INVALID', `${where} holds a private key: whoever can read it can sign`, {
      hint: 'replace that key; sysext key export writes the public part alone',
    });
  }
  const keyring = { keys: keys.map(factsOf), bytes };
  parsed.set(keyring, keys);
  return keyring;
}

function factsOf(key: PublicKey): PublicKeyFacts {
  return {
    fingerprint: key.getFingerprint(),
    userIds: key.getUserIDs(),
    created: key.getCreationTime().toISOString().slice(0, 10),
  };
}

/**
 * Reads a keyring file.
 *
 * @throws SysextError `IO`, `KEY_INVALID`.
 */
export async function readKeyring(path: string): Promise<Keyring> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw ioError(error, 'cannot read the keyring', path);
  });
  return await parseKeyring(bytes, path);
}

/** A keyring with another key at its end; the same one when the key is in it. */
export async function withKey(keyring: Keyring | undefined, publicKey: Uint8Array): Promise<Keyring> {
  const added = await parseKeyring(publicKey, 'the key');
  if (keyring === undefined) return added;
  const known = new Set(keyring.keys.map(({ fingerprint }) => fingerprint));
  if (added.keys.every(({ fingerprint }) => known.has(fingerprint))) return keyring;
  return await parseKeyring(Buffer.concat([keyring.bytes, publicKey]), 'the keyring');
}

/** A keyring without a key. */
export async function withoutKey(keyring: Keyring, fingerprint: string): Promise<Keyring> {
  const rest = parsed.get(keyring)!.filter((key) => key.getFingerprint() !== fingerprint);
  return await parseKeyring(Buffer.concat(rest.map((key) => key.write())), 'the keyring');
}

/** A keyring in the armored form, for people and mail. */
export async function armorKeyring({ bytes }: Keyring): Promise<string> {
  const { armor, enums } = await openpgp();
  return armor(enums.armor.publicKey, bytes);
}

/** How a key is shown: its fingerprint and whose it is. */
export function describeKey({ fingerprint, userIds }: Pick<PublicKeyFacts, 'fingerprint' | 'userIds'>): string {
  return `${fingerprint.toUpperCase()} ${userIds.join(', ')}`.trimEnd();
}

/** A detached signature is smaller, for systemd too. */
const maxSignature = 1024 ** 2;

/**
 * Checks a detached signature, binary or armored, as hosts do: every signature in it has to be a good one by a key of
 * the keyring.
 *
 * @param what names what is signed, in errors.
 * @returns fingerprints of the keys that signed.
 * @throws SysextError `SIGNATURE_INVALID`
 */
export async function checkSignature(
  keyring: Keyring,
  data: Uint8Array,
  signature: Uint8Array,
  what: string,
): Promise<string[]> {
  const invalid = (why: string): SysextError => new SysextError('SIGNATURE_INVALID', `signature of ${what}: ${why}`);
  if (signature.length > maxSignature) throw invalid(`${signature.length} bytes are too many`);
  const { createMessage, readSignature, verify } = await openpgp();
  const text = Buffer.from(signature).toString('latin1');
  const parsedSignature = await (
    text.startsWith('-----BEGIN PGP')
      ? readSignature({ armoredSignature: text })
      : readSignature({ binarySignature: signature })
  ).catch(() => {
    throw invalid(/^\s*</.test(text) ? 'it is a web page' : 'it is no OpenPGP signature');
  });
  const verificationKeys = [...parsed.get(keyring)!];
  const { signatures } = await verify({
    message: await createMessage({ binary: data }),
    signature: parsedSignature,
    verificationKeys,
  });
  if (signatures.length === 0) throw invalid('it is empty');
  const signers: string[] = [];
  for (const { keyID, verified } of signatures) {
    const key = verificationKeys.find((candidate) => candidate.getKeys(keyID).length > 0);
    if (key === undefined) {
      throw invalid(
        `made by the unknown key ${keyID.toHex().toUpperCase()}; known are ${keyring.keys.map(describeKey).join('; ')}`,
      );
    }
    await verified.catch((error: unknown) => {
      throw invalid(`${(error as Error).message}; it claims to be by ${describeKey(factsOf(key))}`);
    });
    signers.push(key.getFingerprint());
  }
  return signers;
}

/**
 * The text of a message with a signature around it (RFC 9580, 7), such as the InRelease of an archive.
 *
 * Archives sign with old and new keys at once, so a signature by a key that is not in the keyring is passed over;
 * one by a key that is has to be good, and there has to be one.
 *
 * @param what names the message, in errors.
 * @throws SysextError `SIGNATURE_INVALID`
 */
export async function openCleartext(
  keyring: Keyring,
  message: string,
  what: string,
): Promise<{
  readonly text: string;
  /** Fingerprints of the keys that signed. */
  readonly signers: readonly string[];
}> {
  const invalid = (why: string): SysextError => new SysextError('SIGNATURE_INVALID', `signature of ${what}: ${why}`);
  const { readCleartextMessage, verify } = await openpgp();
  const parsedMessage = await readCleartextMessage({ cleartextMessage: message }).catch(() => {
    throw invalid(/^\s*</.test(message) ? 'it is a web page' : 'it is no signed message');
  });
  const verificationKeys = [...parsed.get(keyring)!];
  const { data, signatures } = await verify({ message: parsedMessage, verificationKeys });
  const signers: string[] = [];
  for (const { keyID, verified } of signatures) {
    const key = verificationKeys.find((candidate) => candidate.getKeys(keyID).length > 0);
    if (key === undefined) continue;
    await verified.catch((error: unknown) => {
      throw invalid(`${(error as Error).message}; it claims to be by ${describeKey(factsOf(key))}`);
    });
    signers.push(key.getFingerprint());
  }
  if (signers.length === 0) {
    const made = signatures.map(({ keyID }) => keyID.toHex().toUpperCase()).join(', ');
    throw invalid(`made by ${made || 'nobody'}, and by no key of the keyring`);
  }
  return { text: data, signers };
}
