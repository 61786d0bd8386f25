import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { expect } from 'vitest';
import { type Context, type ContextOptions, type SysextEvent, createContext } from '../../context.ts';
import { Cache } from '../../cache.ts';
import type { SysextError } from '../../errors.ts';
import { type Signer, createKey } from '../keys.ts';
import { type PublishOptions, type Published, publish } from '../publish.ts';
import { type Fabricated, fabricate } from './fabricate.ts';

/** A place to publish from and to. */
export interface Workshop extends AsyncDisposable {
  readonly path: string;
  /** Directory of the repository. */
  readonly repository: string;
  readonly signer: Signer;
  readonly events: SysextEvent[];
  readonly context: (options?: ContextOptions) => Context;
  /** Makes images and publishes them. */
  readonly publish: (images: readonly Fabricated[], options?: Partial<PublishOptions>) => Promise<Published[]>;
}

export const baseUrl = 'https://sysext.example/';

export async function startWorkshop(): Promise<Workshop> {
  const directory = await temporaryDirectory();
  const { path } = directory;
  const events: SysextEvent[] = [];
  const context = (options: ContextOptions = {}): Context =>
    createContext({
      cache: new Cache(join(path, 'cache')),
      env: { PATH: process.env['PATH'], SOURCE_DATE_EPOCH: '1750000000' },
      network: { connect: 1000, idle: 1000, attempts: 3 },
      onEvent: (event) => events.push(event),
      ...options,
    });
  const repository = join(path, 'repo');
  const signer = await createKey(context(), join(path, 'key.asc'));
  return {
    path,
    repository,
    signer,
    events,
    context,
    publish: async (images, options = {}) => {
      const files: string[] = [];
      for (const image of images) files.push(await fabricate(join(path, 'dist'), image));
      return await publish(context(), { repository, baseUrl, signer, images: files, ...options });
    },
    [Symbol.asyncDispose]: async () => await directory[Symbol.asyncDispose](),
  };
}

/** The error that a promise ends with. */
export const failure = async (promise: Promise<unknown>): Promise<SysextError> =>
  (await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )) as SysextError;
