import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ButaneFragment,
  type Context,
  type Signer,
  createContext,
  createKey,
  machineArch,
  publish,
  publishedParameters,
  serveRepository,
  yank,
} from '@sysext/core';
import { type Authority, temporaryDirectory } from '@sysext/testing';
import { butane } from '../extension.ts';

/** What a member needs to be told beyond what its repository knows. */
type Member = Omit<Parameters<typeof butane>[0], 'baseUrl' | 'image' | 'keyring' | 'verify'>;

/** A signed repository of etcd that hosts reach. */
export class PublishedEtcd implements AsyncDisposable {
  readonly url: string;
  readonly directory: string;
  readonly #context: Context;
  readonly #signer: Signer;
  readonly #stack: AsyncDisposableStack;

  private constructor(url: string, directory: string, context: Context, signer: Signer, stack: AsyncDisposableStack) {
    this.url = url;
    this.directory = directory;
    this.#context = context;
    this.#signer = signer;
    this.#stack = stack;
  }

  /** Serves a new one, with these images in it, at an address such as the gateway of a network. */
  static async open(host: string, images: readonly string[]): Promise<PublishedEtcd> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    const directory = join(path, 'repository');
    await mkdir(directory);
    const { url } = stack.use(await serveRepository({ directory, host, port: 0 }));
    const context = createContext({});
    const signer = await createKey(context, join(path, 'key'));
    const repository = new PublishedEtcd(url, directory, context, signer, stack.move());
    await repository.publish(images);
    return repository;
  }

  /** Adds images, as `sysext build` wrote them. */
  async publish(images: readonly string[]): Promise<void> {
    const { url, directory } = this;
    await publish(this.#context, { repository: directory, baseUrl: url, signer: this.#signer, images });
  }

  /** Takes a version out of what hosts are offered. */
  async yank(version: string, reason: string): Promise<void> {
    const options = { repository: this.directory, signer: this.#signer, extension: 'etcd', version, reason };
    await yank(this.#context, options);
  }

  /** Deploys a member from here, with the newest image. */
  async deploy(member: Member): Promise<ButaneFragment> {
    const options = { repository: this.directory, name: 'etcd', arch: machineArch()! };
    return await butane({ ...(await publishedParameters(this.#context, options)), ...member });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Certificates of a member, one for all its purposes. */
export async function identity(authority: Authority, name: string): Promise<Pick<Member, 'tls' | 'certificates'>> {
  const { certificate, key } = await authority.issue([name, 'localhost', '127.0.0.1']);
  const [server, serverKey] = ['/etc/etcd/pki/server.crt', '/etc/etcd/pki/server.key'];
  return {
    tls: { peerCert: server, peerKey: serverKey, clientCert: server, clientKey: serverKey },
    certificates: { ca: authority.certificate, cert: certificate, key },
  };
}
