import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RecipeInput, Signer } from '@sysext/core';
import { type CommandResult, type Host, type HostFiles, type Network, type Release, bootHost } from '@sysext/test-host';
import { noise, temporaryDirectory } from '@sysext/testing';
import { followerFiles } from './files.ts';
import { type DemoOptions, demoFile, demoVersion, makeDemo, recipe } from './demo.ts';
import { Shelf } from './shelf.ts';

/** What the demo extension's recipe says of its updates. */
type Policy = Pick<RecipeInput, 'update'>;

export interface FollowerOptions {
  readonly policy?: Policy;
  /** What there is to its version 1.0. */
  readonly demo?: DemoOptions;
  readonly files?: HostFiles;
  readonly release?: Release;
  /** Who signs; the host then takes nothing that is not signed so. */
  readonly signer?: Signer;
}

const unit = 'sysext-update@demo.service';

/** A host that follows the demo extension of a repository, from version 1.0 on. */
export class Follower implements AsyncDisposable {
  readonly host: Host;
  readonly shelf: Shelf;
  readonly #directory: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(host: Host, shelf: Shelf, directory: string, stack: AsyncDisposableStack) {
    this.host = host;
    this.shelf = shelf;
    this.#directory = directory;
    this.#stack = stack;
  }

  /** Boots the host with version 1.0 merged, and offers just that. */
  static async boot(
    network: Network,
    { policy = {}, demo = {}, files = {}, release = 'trixie', signer }: FollowerOptions = {},
  ): Promise<Follower> {
    await using stack = new AsyncDisposableStack();
    const shelf = stack.use(await Shelf.open(network, signer));
    const directory = stack.use(await temporaryDirectory()).path;
    const image = await makeDemo(directory, '1.0', demo);
    await shelf.offer(image);
    const keyring = signer === undefined ? undefined : join(directory, 'keyring.gpg');
    if (signer !== undefined) await writeFile(keyring!, signer.publicKey);
    const follows = { ...(await followerFiles({ ...recipe, ...policy }, shelf.url, keyring)), ...files };
    const host = stack.use(await bootHost({ network, release, images: { demo: image }, files: follows }));
    return new Follower(host, shelf, directory, stack.move());
  }

  /** Makes an image of a version, for the shelf. */
  async make(version: string, options: DemoOptions = {}): Promise<string> {
    return await makeDemo(this.#directory, version, options);
  }

  /** Makes what has the name of an image and is none. */
  async garbage(version: string): Promise<string> {
    const path = join(this.#directory, demoFile(version));
    await writeFile(path, noise(10_000));
    return path;
  }

  /** Runs the updater as its timer does. */
  async update(): Promise<CommandResult> {
    return await this.host.run(['systemctl', 'start', unit], { check: false, timeout: 60_000 });
  }

  /** The version that the link names, and the one that is merged; `-` for none. */
  async state(): Promise<{ link: string; merged: string }> {
    const link = await this.host.run(['readlink', '/etc/extensions/demo.raw'], { check: false });
    const merged = await this.host.run(['cat', '/usr/share/demo/version'], { check: false });
    return { link: link.stdout === '' ? '-' : demoVersion(basename(link.stdout)), merged: merged.stdout || '-' };
  }

  /** Names of the images that are installed. */
  async installed(): Promise<string[]> {
    return (await this.host.run(['ls', '-A', '/opt/extensions/demo'])).stdout.split('\n');
  }

  /** What the updater logged in this boot. */
  async log(): Promise<string> {
    return await this.host.journal(unit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
