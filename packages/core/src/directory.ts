import { lstat, readdir, readlink } from 'node:fs/promises';
import { type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from './cache.ts';
import { SysextError, ioError } from './errors.ts';
import { imagePathProblem } from './image-path.ts';
import { type Entry, type Tree, completeTree } from './tree.ts';

/**
 * Reads a directory on disk as the tree of an image, as it is: owners, modes, link targets and
 * special files of the file system. Links are not followed, and contents stay where they are.
 *
 * Names of extended attributes are left out: Node.js has no way to read them.
 *
 * @throws SysextError `IO` when something cannot be read; `NAME_INVALID` for a name that no image
 * may hold.
 */
export async function readDirectoryTree(directory: string): Promise<Tree> {
  const entries = new Map<string, Entry>();
  const walk = async (below: string): Promise<void> => {
    for (const bytes of await readdir(join(directory, below), { encoding: 'buffer' })) {
      const name = bytes.toString('utf8');
      const path = below === '' ? name : `${below}/${name}`;
      const problem = Buffer.from(name).equals(bytes) ? imagePathProblem(path) : 'it is not UTF-8';
      if (problem !== undefined)
        throw new SysextError('NAME_INVALID', `${directory}: the path ${JSON.stringify(path)} is refused: ${problem}`);
      const entry = await readEntry(join(directory, path));
      entries.set(path, entry);
      if (entry.type === 'directory') await walk(path);
    }
  };
  try {
    await walk('');
  } catch (error) {
    throw ioError(error, 'cannot read the directory', directory);
  }
  return completeTree(entries);
}

async function readEntry(path: string): Promise<Entry> {
  const stats = await lstat(path, { bigint: true });
  const base = { mode: Number(stats.mode) & 0o7777, uid: Number(stats.uid), gid: Number(stats.gid), xattrs: [] };
  if (stats.isFile()) return { type: 'file', ...base, content: { file: path, ...(await hashFile(path)) } };
  if (stats.isDirectory()) return { type: 'directory', ...base };
  if (stats.isSymbolicLink()) return { type: 'symlink', ...base, target: await readlink(path) };
  if (stats.isFIFO()) return { type: 'fifo', ...base, major: 0, minor: 0 };
  if (stats.isSocket()) return { type: 'socket', ...base, major: 0, minor: 0 };
  return { type: stats.isBlockDevice() ? 'block-device' : 'character-device', ...base, ...deviceNumber(stats) };
}

/** Source: gnu_dev_major(3) and gnu_dev_minor(3): twelve bits of major number within twenty of minor, and the rest above. */
function deviceNumber({ rdev }: BigIntStats): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
