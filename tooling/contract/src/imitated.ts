import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Context,
  type ContextOptions,
  type Extension,
  type Lock,
  Mirrors,
  type Source,
  createContext,
  writeLock,
} from '@sysext/core';
import type { FakeUpstream } from '@sysext/testing';
import { environmentOf } from './upstream.ts';

/**
 * An extension once more, below a directory: with the sources alone that are imitated, and the lock of what its
 * imitated upstream serves.
 */
export async function imitatedCopy(extension: Extension, lock: Lock, below: string): Promise<Extension> {
  const directory = join(below, extension.name);
  await mkdir(directory, { recursive: true });
  for (const name of ['package.json', 'files']) {
    await cp(join(extension.directory, name), join(directory, name), { recursive: true }).catch(() => undefined);
  }
  await writeLock(directory, lock);
  return { ...imitableAlone(extension), directory };
}

/** Where downloads of these extensions come from their imitated upstream. */
export function imitatedContext(
  upstream: FakeUpstream,
  extensions: readonly Extension[],
  options: ContextOptions,
): Context {
  const env = environmentOf(upstream, extensions);
  return createContext({
    ...options,
    env: { ...process.env, ...env },
    mirrors: Mirrors.parse(env['SYSEXT_MIRRORS']!),
  });
}

/** Whether there is something like its upstream here. */
const isImitable = ({ kind }: Source): boolean => kind === 'release' || kind === 'debian';

/** A recipe with the sources alone that are imitated. */
function imitableAlone(extension: Extension): Extension {
  const of = ({ sources }: { sources: Source[] }): Source[] => sources.filter(isImitable);
  const companions = Object.entries(extension.companions ?? {}).map(
    ([name, companion]) => [name, { ...companion, sources: of(companion) }] as const,
  );
  return { ...extension, sources: of(extension), companions: Object.fromEntries(companions) };
}
