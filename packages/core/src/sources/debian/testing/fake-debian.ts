import { join } from 'node:path';
import { FakeArchive, type FakeUpstream, startUpstream, temporaryDirectory } from '@sysext/testing';
import { Cache } from '../../../cache.ts';
import { type Context, type ContextOptions, createContext } from '../../../context.ts';
import { Mirrors } from '../../../mirrors.ts';

/** ELF machines, by Debian's names of architectures. */
export const machines = { amd64: 62, arm64: 183 } as const;

/** File names of loaders, by Debian's names of architectures. */
export const loaders = { amd64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' } as const;

/** Debian's archives on a fake upstream, and a directory to work in. */
export class FakeDebian implements AsyncDisposable {
  readonly path: string;
  readonly upstream: FakeUpstream;
  readonly archive: FakeArchive;
  readonly #stack: AsyncDisposableStack;

  private constructor(path: string, upstream: FakeUpstream, archive: FakeArchive, stack: AsyncDisposableStack) {
    this.path = path;
    this.upstream = upstream;
    this.archive = archive;
    this.#stack = stack;
  }

  static async start(): Promise<FakeDebian> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    const upstream = stack.use(await startUpstream());
    return new FakeDebian(path, upstream, await FakeArchive.start(upstream, path), stack.move());
  }

  /** Of a run: what it has read of the archives is read once. */
  context(options: ContextOptions = {}): Context {
    return createContext({
      cache: new Cache(join(this.path, 'cache')),
      env: { PATH: process.env['PATH'], ...this.archive.env },
      mirrors: new Mirrors({
        'https://api.github.com/': `${this.upstream.url}/api/`,
        'https://snapshot.debian.org/': `${this.upstream.url}/snapshot/`,
      }),
      network: { attempts: 1 },
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
