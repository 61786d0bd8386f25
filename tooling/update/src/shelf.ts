import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type FakeUpstream, type Fault, startUpstream } from '@sysext/testing';
import type { Network } from '@sysext/test-host';
import { execa } from 'execa';
import type { Signer } from '@sysext/core';

const signatures = ['SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc'] as const;

/** What the server does wrong with an image, or what else is served under its name. */
export interface Flaw {
  readonly fault?: Fault;
  /** Other bytes than the index names. */
  readonly bytes?: Uint8Array;
}

/**
 * A repository of the demo extension as hosts see it, that can be wrong in every way: what
 * `sysext publish` would never write, and what servers and disks do to what it wrote.
 */
export class Shelf implements AsyncDisposable {
  readonly #upstream: FakeUpstream;
  /** Who signs the index; nobody when absent. */
  signer: Signer | undefined;
  /** The index, as {@link offer} last wrote it. */
  lines = '';

  private constructor(upstream: FakeUpstream, signer: Signer | undefined) {
    this.#upstream = upstream;
    this.signer = signer;
  }

  static async open(network: Network, signer: Signer | undefined): Promise<Shelf> {
    return new Shelf(await startUpstream(network.gateway), signer);
  }

  get url(): string {
    return this.#upstream.url;
  }

  /** Paths that were asked for, of the demo extension. */
  get requests(): string[] {
    return this.#upstream.requests.map(({ path }) => path.replace('/demo/', ''));
  }

  /** Serves images, and an index that names these and no others. */
  async offer(...images: readonly string[]): Promise<void> {
    const lines: string[] = [];
    for (const image of images) {
      const bytes = await readFile(image);
      this.#upstream.put(`/demo/${basename(image)}`, bytes);
      lines.push(`${createHash('sha256').update(bytes).digest('hex')} *${basename(image)}\n`);
    }
    this.lines = lines.join('');
    this.index(this.lines);
    if (this.signer !== undefined) this.sign(await this.signer.sign(Buffer.from(this.lines)));
  }

  /** Serves a signature of the index, under the names that old and new versions of systemd ask for. */
  sign(signature: string, fault?: Fault): void {
    for (const name of signatures) {
      this.#upstream.put(`/demo/${name}`, signature, fault === undefined ? {} : { fault });
    }
  }

  /** Stops serving a signature. */
  unsign(): void {
    for (const name of signatures) this.remove(name);
  }

  /** As {@link offer}, compressed for the wire. */
  async offerPacked(...images: readonly string[]): Promise<void> {
    const packed = images.map((image) => `${image}.xz`);
    for (const image of images) await execa('xz', ['--keep', '--force', image]);
    await this.offer(...packed);
  }

  /** Serves a text as the index. */
  index(text: string, fault?: Fault): void {
    this.#upstream.put('/demo/SHA256SUMS', text, fault === undefined ? {} : { fault });
  }

  /** Serves an image otherwise than the index promises. */
  async spoil(image: string, { fault, bytes }: Flaw): Promise<void> {
    const options = fault === undefined ? {} : { fault };
    this.#upstream.put(`/demo/${basename(image)}`, bytes ?? (await readFile(image)), options);
  }

  /** Stops serving a file. */
  remove(name: string): void {
    this.#upstream.remove(`/demo/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upstream[Symbol.asyncDispose]();
  }
}
