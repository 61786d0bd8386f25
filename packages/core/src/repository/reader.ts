import { copyFile, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blob, Cache, hashFile } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError, ioError, systemCode } from '../errors.ts';
import { download, fetchText } from '../fetch.ts';
import { displayUrl } from '../mirrors.ts';
import { type Generation, readGeneration, readIfThere } from './generation.ts';
import { extensionDirectory, generationNames } from './layout.ts';

/** A repository as a host or a mirror reads it. Paths are relative to it. */
export interface RepositoryReader {
  /** What errors call it. */
  readonly where: string;
  /** A document; `undefined` when there is none. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  /** The documents of an extension that change together, as they are together. */
  readonly generation: (name: string) => Promise<Generation>;
  /** Whether a file is there, and of that size, without reading it; `undefined` where that cannot be told cheaply. */
  readonly sizeOf: (path: string) => Promise<number | 'absent' | 'unknown'>;
  /**
   * A local file with the expected bytes.
   *
   * @throws SysextError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, or what a download throws.
   */
  readonly file: (path: string, expected: Blob) => Promise<string>;
  /** Removes a local file that was made to be read. */
  readonly release: (path: string) => Promise<void>;
  /**
   * Puts the expected bytes into a new local file, which is on the file system of the reader's cache.
   *
   * @throws SysextError as `file` does.
   */
  readonly copy: (path: string, expected: Blob, to: string) => Promise<void>;
}

/** Whether a repository is named by its address rather than by its directory. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Reads a repository in a directory. */
export function directoryReader(directory: string): RepositoryReader {
  return {
    where: directory,
    read: async (path) => await readIfThere(join(directory, path)),
    generation: async (name) => (await readGeneration(extensionDirectory(directory, name))) ?? {},
    sizeOf: async (path) => {
      try {
        return (await stat(join(directory, path))).size;
      } catch (error) {
        if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return 'absent';
        throw ioError(error, 'cannot read', path);
      }
    },
    file: async (path, expected) => {
      const file = join(directory, path);
      await checkFile(file, expected, file);
      return file;
    },
    release: async () => undefined,
    copy: async (path, expected, to) => {
      const file = join(directory, path);
      await copyFile(file, to).catch((error: unknown) => {
        throw ioError(error, 'cannot copy', file);
      });
      await checkFile(to, expected, file);
    },
  };
}

async function checkFile(file: string, expected: Blob, shown: string): Promise<void> {
  const found = await hashFile(file).catch((error: unknown) => {
    throw ioError(error, 'cannot read', shown);
  });
  if (found.sha256 === expected.sha256 && found.size === expected.size) return;
  throw new SysextError(
    'DIGEST_MISMATCH',
    `${shown} does not have the published bytes\n  published sha256 ${expected.sha256} (${expected.size} bytes)\n  found     sha256 ${found.sha256} (${found.size} bytes)`,
  );
}

/** Reads a repository over HTTP; files come through `cache`, whose unfinished downloads are gone on with. */
export function urlReader(context: Context, url: string, cache: Cache): RepositoryReader {
  const base = url.replace(/\/*$/, '/');
  const own: Context = { ...context, cache };
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    try {
      const { bytes } = await fetchText(own, base + path);
      return bytes;
    } catch (error) {
      const { status } = (error instanceof SysextError ? (error.data ?? {}) : {}) as { readonly status?: number };
      if (status === 404 || status === 410) return undefined;
      throw error;
    }
  };
  return {
    where: displayUrl(base).replace(/\/$/, ''),
    read,
    generation: async (name) => {
      const entries: [string, Uint8Array][] = [];
      for (const file of generationNames) {
        const data = await read(`${name}/${file}`);
        if (data !== undefined) entries.push([file, data]);
      }
      return Object.fromEntries(entries);
    },
    sizeOf: async () => 'unknown',
    file: async (path, expected) => {
      await download(own, [base + path], expected);
      return cache.blobPath(expected.sha256);
    },
    release: async (path) => await rm(path, { force: true }),
    copy: async (path, expected, to) => {
      await download(own, [base + path], expected);
      await rename(cache.blobPath(expected.sha256), to);
    },
  };
}

/** Reads the repository that is named by a directory or an address, with room for one file at a time. */
export async function withReader<T>(
  context: Context,
  source: string,
  work: (reader: RepositoryReader) => Promise<T>,
): Promise<T> {
  if (!isUrl(source)) return await work(directoryReader(source));
  const directory = await mkdtemp(join(tmpdir(), 'sysext-'));
  try {
    return await work(urlReader(context, source, new Cache(directory)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
