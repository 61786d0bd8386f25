import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, basename, join } from 'node:path';
import { ioError } from './errors.ts';

/**
 * Writes a file so that a reader sees the old one or the whole new one, also after a crash:
 * temporary file in the same directory, fsync, rename, fsync of the directory.
 */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await writeAllWhole([[path, data]], mode);
}

/**
 * Writes several files, each as {@link writeWhole} does, and none when one cannot be written: all lie complete
 * beside their places before the first is renamed. A crash between two renames leaves the later files old.
 */
export async function writeAllWhole(
  files: readonly (readonly [path: string, data: string | Uint8Array])[],
  mode = 0o644,
): Promise<void> {
  const begun: (readonly [temporary: string, path: string])[] = [];
  let current = '';
  try {
    for (const [path, data] of files) {
      current = path;
      await mkdir(dirname(path), { recursive: true });
      const temporary = temporaryBeside(path);
      begun.push([temporary, path]);
      await writeSynced(temporary, data, mode);
    }
    for (const [temporary, path] of begun) {
      current = path;
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    }
  } catch (error) {
    await Promise.all(begun.map(async ([temporary]) => await rm(temporary, { force: true }).catch(() => undefined)));
    throw ioError(error, 'cannot write', current);
  }
}

async function writeSynced(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * A name for an unfinished file beside `path`. It carries this process's id, so that a later
 * run can tell leftovers of a killed process from files that are being written.
 */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
}

/** Makes renames in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
