import { type Hash, createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { ioError, systemCode } from './errors.ts';

/** Bytes that are known by their digest. */
export interface Blob {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * What builds may reuse: blobs by digest, results by the digest of everything they depend on,
 * and unfinished downloads.
 *
 * Nothing in it is trusted: a blob is hashed each time it is read, a result carries its own
 * digest, and what does not fit is thrown away. It may be deleted, shared and written by
 * several processes at any time.
 */
export class Cache {
  readonly directory: string;
  #ready: Promise<void> | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** `SYSEXT_CACHE`, or `sysext` in `XDG_CACHE_HOME`, or in `~/.cache`. */
  static ofUser(env: Readonly<Record<string, string | undefined>>): Cache {
    const base = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
    return new Cache(env['SYSEXT_CACHE'] || join(base, 'sysext'));
  }

  /** Makes the directories, and removes what killed processes left. */
  async #prepare(): Promise<void> {
    this.#ready ??= (async () => {
      try {
        await mkdir(this.#temporary, { recursive: true });
        await mkdir(this.#partial, { recursive: true });
        // A process id says little about a process in another container: give it an hour.
        await removeLeftovers(this.#temporary, /^(\d+)-/, 3600_000);
        for (const name of await readdir(this.#partial)) {
          const [key, owner] = name.split('.', 2);
          if (owner === undefined || isAlive(Number(owner))) continue;
          await rename(join(this.#partial, name), join(this.#partial, key!)).catch(() => undefined);
        }
      } catch (error) {
        throw ioError(error, 'cannot use the cache', this.directory);
      }
    })();
    await this.#ready;
  }

  get #temporary(): string {
    return join(this.directory, 'tmp');
  }

  get #partial(): string {
    return join(this.directory, 'partial');
  }

  /** Where a blob is, if it is there. */
  blobPath(sha256: string): string {
    return join(this.directory, 'blobs', sha256.slice(0, 2), sha256);
  }

  /** A fresh path on the cache's file system for work in progress. */
  async temporaryPath(): Promise<string> {
    await this.#prepare();
    return join(this.#temporary, `${process.pid}-${randomBytes(6).toString('hex')}`);
  }

  /**
   * Looks a blob up and hashes it.
   *
   * Returns `damaged` after removing an entry whose bytes are not the ones it is named after.
   */
  async check(blob: Blob): Promise<'present' | 'absent' | 'damaged'> {
    const path = this.blobPath(blob.sha256);
    try {
      const found = await hashFile(path);
      if (found.sha256 === blob.sha256 && found.size === blob.size) return 'present';
      await rm(path, { force: true });
      return 'damaged';
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return 'absent';
      throw ioError(error, 'cannot read from the cache', path);
    }
  }

  /** Size of the entry for a digest, without looking into it; `undefined` when there is none. */
  async sizeOf(sha256: string): Promise<number | undefined> {
    try {
      return (await stat(this.blobPath(sha256))).size;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw ioError(error, 'cannot read from the cache', this.blobPath(sha256));
    }
  }

  /**
   * Whether there is an entry of that digest and size. Its bytes are not looked at: whoever reads
   * them has to hash them, as `readVerified` does.
   */
  async has(blob: Blob): Promise<boolean> {
    return (await this.sizeOf(blob.sha256)) === blob.size;
  }

  /** Whether it has all of them; see {@link has}. */
  async hasAll(blobs: readonly Blob[]): Promise<boolean> {
    for (const blob of blobs) if (!(await this.has(blob))) return false;
    return true;
  }

  /** Removes an entry that turned out to be damaged. */
  async remove(sha256: string): Promise<void> {
    await rm(this.blobPath(sha256), { force: true });
  }

  /** The first bytes of a blob. */
  async readHead(sha256: string, length: number): Promise<Buffer> {
    const file = await open(this.blobPath(sha256), 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Opens a blob for writing; its name is known when it is complete. */
  async write(): Promise<BlobWriter> {
    const path = await this.temporaryPath();
    try {
      return new BlobWriter(this, path, await open(path, 'wx', 0o644));
    } catch (error) {
      throw ioError(error, 'cannot write to the cache', path);
    }
  }

  /** Moves a finished file, whose digest the caller has computed, to its place. */
  async adopt(path: string, blob: Blob): Promise<void> {
    const target = this.blobPath(blob.sha256);
    try {
      await mkdir(dirname(target), { recursive: true });
      await rename(path, target);
    } catch (error) {
      throw ioError(error, 'cannot write to the cache', target);
    }
  }

  /** The stored result for a key, or `undefined` when there is none that is whole and fits `schema`. */
  async readResult<T>(key: unknown, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      const text = await readFile(this.#resultPath(key), 'utf8');
      const [digest, body = ''] = text.split('\n', 2);
      return digest === sha256(body) ? schema.parse(JSON.parse(body)) : undefined;
    } catch (error) {
      if (systemCode(error) === undefined || systemCode(error) === 'ENOENT') return undefined;
      throw ioError(error, 'cannot read from the cache', this.#resultPath(key));
    }
  }

  /** Stores a result; `key` is everything it depends on. */
  async writeResult(key: unknown, value: unknown): Promise<void> {
    const body = JSON.stringify(value);
    const path = this.#resultPath(key);
    const temporary = await this.temporaryPath();
    try {
      const file = await open(temporary, 'wx', 0o644);
      await file.writeFile(`${sha256(body)}\n${body}\n`).finally(() => file.close());
      await mkdir(dirname(path), { recursive: true });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw ioError(error, 'cannot write to the cache', path);
    }
  }

  #resultPath(key: unknown): string {
    return join(this.directory, 'results', sha256(JSON.stringify(key)));
  }

  /**
   * Claims the unfinished download of a URL. Only one process gets it; any other starts with an
   * empty file of its own. What a killed process had claimed can be claimed again.
   */
  async claimPartial(url: string): Promise<string> {
    await this.#prepare();
    const path = `${this.#partialPath(url)}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await rename(this.#partialPath(url), path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw ioError(error, 'cannot use the cache', path);
    }
    return path;
  }

  /** Gives an unfinished download back, for the next attempt to go on with. */
  async releasePartial(url: string, path: string): Promise<void> {
    await rename(path, this.#partialPath(url)).catch(() => undefined);
  }

  #partialPath(url: string): string {
    return join(this.#partial, sha256(url));
  }
}

/** A blob being written to a {@link Cache}. Ends with `commit` or `discard`. */
export class BlobWriter {
  readonly #cache: Cache;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #size = 0;

  constructor(cache: Cache, path: string, file: FileHandle) {
    this.#cache = cache;
    this.#path = path;
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    try {
      await this.#file.writeFile(bytes);
    } catch (error) {
      throw ioError(error, 'cannot write to the cache', this.#path);
    }
  }

  async commit(): Promise<Blob> {
    await this.#file.close();
    const blob = { sha256: this.#hash.digest('hex'), size: this.#size };
    await this.#cache.adopt(this.#path, blob);
    return blob;
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** SHA-256 of a text or some bytes, in lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Digest and size of a file, however large. */
export async function hashFile(path: string): Promise<Blob> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), size };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/**
 * Removes files of a directory that a process which is gone has left there.
 *
 * @param owner finds the process id in a name; names it does not match stay.
 * @param age milliseconds since the last change before a file counts as left.
 */
export async function removeLeftovers(directory: string, owner: RegExp, age = 0): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(owner.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs >= age) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
