import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ButaneFunction, type Extension, type Lock, readLock } from '@sysext/core';

/** Where the extensions' packages are. */
export const root = join(import.meta.dirname, '..', '..', '..', 'packages', 'extensions');

/** What an `extension.ts` exports, and the lock beside it. */
export interface ExtensionModule {
  readonly default: Extension;
  readonly butane: ButaneFunction;
  readonly lock: Lock;
}

const names = (await readdir(root)).toSorted();

/** Every extension there is, by name; or one share of them, so that files of tests run side by side. */
export async function loadExtensions(share = 0, shares = 1): Promise<ExtensionModule[]> {
  const chosen = names.filter((_, index) => index % shares === share);
  return await Promise.all(chosen.map(loadExtension));
}

/** The extension of this name. */
export async function loadExtension(name: string): Promise<ExtensionModule> {
  const file = pathToFileURL(join(root, name, 'extension.ts')).href;
  const { default: extension, butane } = (await import(file)) as Omit<ExtensionModule, 'lock'>;
  return { default: extension, butane, lock: await readLock(extension.directory) };
}
