import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FakeUpstream } from '@sysext/testing';
import { execa } from 'execa';
import type { PrivateKey } from 'openpgp';
import { openpgp } from '../../repository/openpgp.ts';

/** A package of an archive made for a test. */
export interface FakePackage {
  readonly name: string;
  readonly version: string;
  readonly arch: 'amd64' | 'arm64';
  readonly bytes: Buffer;
  /** Further fields of its paragraph. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** An archive of Debian's form on a fake upstream, with a key of its own. */
export class FakeArchive {
  readonly upstream: FakeUpstream;
  /** File with the public key. */
  readonly keyring: string;
  readonly #key: PrivateKey;

  private constructor(upstream: FakeUpstream, keyring: string, key: PrivateKey) {
    this.upstream = upstream;
    this.keyring = keyring;
    this.#key = key;
  }

  static async start(upstream: FakeUpstream, directory: string): Promise<FakeArchive> {
    const key = await newKey();
    const keyring = join(directory, 'archive.gpg');
    await writeFile(keyring, key.toPublic().write());
    return new FakeArchive(upstream, keyring, key);
  }

  /** Path of a package in the pool. */
  static path({ name, version, arch }: FakePackage): string {
    return `pool/main/${name}/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`;
  }

  /** Publishes a suite with these packages; `release` replaces fields of its index. */
  async publish(
    packages: readonly FakePackage[],
    release: Readonly<Record<string, string>> = {},
    key = this.#key,
  ): Promise<void> {
    const hashes: string[] = [];
    for (const arch of ['amd64', 'arm64'] as const) {
      const paragraphs = packages.filter((each) => each.arch === arch).map(paragraphOf);
      const { stdout } = await execa('xz', ['--stdout'], { input: paragraphs.join('\n'), encoding: 'buffer' });
      const digest = sha256(stdout);
      this.upstream.put(`/debian/dists/trixie/main/binary-${arch}/by-hash/SHA256/${digest}`, stdout);
      hashes.push(` ${digest} ${stdout.length} main/binary-${arch}/Packages.xz`);
    }
    for (const each of packages) this.upstream.put(`/debian/${FakeArchive.path(each)}`, each.bytes);
    const fields = { Codename: 'trixie', Date: 'Sat, 21 Nov 2026 09:15:44 UTC', ...release };
    const lines = [...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), 'SHA256:', ...hashes];
    const { createCleartextMessage, sign } = await openpgp();
    const message = await createCleartextMessage({ text: `${lines.join('\n')}\n` });
    this.upstream.put('/debian/dists/trixie/InRelease', await sign({ message, signingKeys: key }));
  }
}

/** A key that is in no keyring. */
export async function newKey(): Promise<PrivateKey> {
  const { generateKey } = await openpgp();
  const made = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Archive' }],
    format: 'object',
  });
  return made.privateKey;
}

function paragraphOf(each: FakePackage): string {
  const fields = {
    Package: each.name,
    Version: each.version,
    Filename: FakeArchive.path(each),
    Size: String(each.bytes.length),
    SHA256: sha256(each.bytes),
    ...each.fields,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
