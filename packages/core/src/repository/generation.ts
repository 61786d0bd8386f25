import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readFile, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, systemCode } from '../errors.ts';
import { syncDirectory } from '../write.ts';
import { type GenerationName, currentName, generationNames, generationsName } from './layout.ts';

/** The documents of an extension that change together. An unsigned repository has no signatures. */
export type Generation = Readonly<Partial<Record<GenerationName, Uint8Array>>>;

/** The generation that is visible; `undefined` before the first. */
export async function readGeneration(directory: string): Promise<Generation | undefined> {
  const number = await currentNumber(directory);
  if (number === undefined) return undefined;
  const path = join(directory, generationsName, String(number));
  const entries = await Promise.all(
    generationNames.map(async (name) => [name, await readIfThere(join(path, name))] as const),
  );
  return Object.fromEntries(entries.filter(([, data]) => data !== undefined));
}

/**
 * Makes a generation the visible one: all of its files at once, and durably. Whoever reads meanwhile sees the one
 * before, or this one. The one before stays, for whoever has begun to read it; older ones go.
 *
 * The caller holds the repository's lock.
 */
export async function writeGeneration(directory: string, generation: Generation): Promise<void> {
  const path = join(directory, generationsName);
  try {
    await mkdir(path, { recursive: true });
    const current = await currentNumber(directory);
    // What a killed process began is above the current one, and was never seen.
    await removeGenerations(path, (number) => current === undefined || number > current);
    const next = (current ?? 0) + 1;
    await mkdir(join(path, String(next)));
    for (const [name, data] of Object.entries(generation)) await writeSynced(join(path, String(next), name), data);
    await syncDirectory(join(path, String(next)));
    await syncDirectory(path);
    for (const name of Object.keys(generation)) await linkOnce(`${currentName}/${name}`, join(directory, name));
    await replaceLink(`${generationsName}/${next}`, join(directory, currentName));
    await syncDirectory(directory);
    await removeGenerations(path, (number) => number < next - 1);
  } catch (error) {
    throw ioError(error, 'cannot write the repository', path);
  }
}

/** Whether anything of an extension was ever made visible. */
export async function hasGeneration(directory: string): Promise<boolean> {
  return (await currentNumber(directory)) !== undefined;
}

async function currentNumber(directory: string): Promise<number | undefined> {
  const path = join(directory, currentName);
  try {
    const number = /^\.generations\/([1-9]\d{0,14})$/.exec(await readlink(path))?.[1];
    return number === undefined ? undefined : Number(number);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw ioError(error, 'cannot read the repository', path);
  }
}

async function removeGenerations(path: string, isOld: (number: number) => boolean): Promise<void> {
  for (const name of await readdir(path)) {
    if (/^\d+$/.test(name) && isOld(Number(name))) await rm(join(path, name), { recursive: true, force: true });
  }
}

async function writeSynced(path: string, data: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkOnce(target: string, path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSymbolicLink() === true && (await readlink(path)) === target) return;
  await replaceLink(target, path);
}

async function replaceLink(target: string, path: string): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  await symlink(target, temporary);
  await rename(temporary, path);
}

/** A file's bytes; `undefined` when there is none. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw ioError(error, 'cannot read', path);
  }
}
