import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { PrivateKey } from 'openpgp';
import type { FakeUpstream } from './upstream.ts';

type ArchiveName = 'debian' | 'debian-security';

/** A package of an archive made for a test. */
export interface FakePackage {
  readonly name: string;
  readonly version: string;
  readonly arch: 'amd64' | 'arm64';
  readonly bytes: Buffer;
  /** Further fields of its paragraph. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Debian's archives on a fake upstream, with a key of their own; trixie has no security fixes yet. */
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
    const key = await newArchiveKey();
    const keyring = join(directory, 'archive.gpg');
    await writeFile(keyring, key.toPublic().write());
    const archive = new FakeArchive(upstream, keyring, key);
    await archive.publishFixes([]);
    return archive;
  }

  /** What makes a machine use it. */
  get env(): Record<string, string> {
    return {
      SYSEXT_DEBIAN_MIRROR: `${this.upstream.url}/debian`,
      SYSEXT_DEBIAN_SECURITY_MIRROR: `${this.upstream.url}/debian-security`,
      SYSEXT_DEBIAN_KEYRING: this.keyring,
    };
  }

  /** Path of a package in the pool. */
  static path({ name, version, arch }: FakePackage, archive: ArchiveName = 'debian'): string {
    const component = archive === 'debian' ? 'main' : 'updates/main';
    return `pool/${component}/${name}/${name}_${version.replace(/^\d+:/, '')}_${arch}.deb`;
  }

  /** Publishes a suite with these packages; `release` replaces fields of its index. */
  async publish(
    packages: readonly FakePackage[],
    release: Readonly<Record<string, string>> = {},
    { key = this.#key, suite = 'trixie' } = {},
  ): Promise<void> {
    const fields = { Codename: suite, Date: 'Sat, 21 Nov 2026 09:15:44 UTC', ...release };
    await this.#publish('debian', suite, packages, fields, key);
  }

  /** Publishes the security fixes of trixie. */
  async publishFixes(
    packages: readonly FakePackage[],
    release: Readonly<Record<string, string>> = {},
    { key = this.#key } = {},
  ): Promise<void> {
    const fields = { Codename: 'trixie-security', Date: 'Wed, 25 Nov 2026 02:22:31 UTC', ...release };
    await this.#publish('debian-security', 'trixie-security', packages, fields, key);
  }

  async #publish(
    archive: ArchiveName,
    suite: string,
    packages: readonly FakePackage[],
    fields: Readonly<Record<string, string>>,
    key: PrivateKey,
  ): Promise<void> {
    const hashes: string[] = [];
    for (const arch of ['amd64', 'arm64'] as const) {
      const ofArch = packages.filter((each) => each.arch === arch);
      const paragraphs = ofArch.map((each) => paragraphOf(each, archive));
      const { stdout } = await execa('xz', ['--stdout'], { input: paragraphs.join('\n'), encoding: 'buffer' });
      const digest = sha256(stdout);
      this.upstream.put(`/${archive}/dists/${suite}/main/binary-${arch}/by-hash/SHA256/${digest}`, stdout);
      hashes.push(` ${digest} ${stdout.length} main/binary-${arch}/Packages.xz`);
    }
    for (const each of packages) this.upstream.put(`/${archive}/${FakeArchive.path(each, archive)}`, each.bytes);
    const lines = [...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), 'SHA256:', ...hashes];
    const { createCleartextMessage, sign } = await import('openpgp');
    const message = await createCleartextMessage({ text: `${lines.join('\n')}\n` });
    this.upstream.put(`/${archive}/dists/${suite}/InRelease`, await sign({ message, signingKeys: key }));
  }
}

/** A key that is in no keyring. */
export async function newArchiveKey(): Promise<PrivateKey> {
  const { generateKey } = await import('openpgp');
  const made = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'Archive' }],
    format: 'object',
  });
  return made.privateKey;
}

function paragraphOf(each: FakePackage, archive: ArchiveName): string {
  const fields = {
    Package: each.name,
    Version: each.version,
    Filename: FakeArchive.path(each, archive),
    Size: String(each.bytes.length),
    SHA256: sha256(each.bytes),
    ...each.fields,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
