import { createHash } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../cache.ts';
import { ioError } from '../errors.ts';
import type { Content } from '../tree.ts';
import { imageInvalid } from './image-invalid.ts';

/** No real image holds more; one made to fill disks does. */
export const imageLimits = {
  entries: 262_144,
  /** Bytes, of all files together. */
  size: 32 * 1024 ** 3,
  /** Bytes that different contents may take on disk however small the image, and per byte of it beyond. */
  freeGrowth: 64 * 1024 ** 2,
  growth: 200,
};

/** Contents up to this many bytes are hashed before they are written. */
const small = 1024 ** 2;

/**
 * File contents of one image, each stored once in a directory under its SHA-256: no name of the
 * image becomes a name on disk.
 */
export class Contents {
  readonly #directory: string;
  readonly #image: string;
  readonly #allowed: number;
  readonly #known = new Map<string, Content>();
  #declared = 0;
  #stored = 0;

  /** @param imageSize bytes of the image file, which {@link imageLimits} go by. */
  constructor(directory: string, image: string, imageSize: number) {
    this.#directory = directory;
    this.#image = image;
    this.#allowed = imageLimits.freeGrowth + imageLimits.growth * imageSize;
  }

  /**
   * Stores one file's bytes.
   *
   * @param size bytes that `chunks` will deliver; more or fewer are an error.
   * @throws SysextError `IMAGE_INVALID`, also beyond {@link imageLimits}; `NO_SPACE`, `IO`.
   */
  async add(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Content> {
    this.#declared += size;
    if (this.#declared > imageLimits.size)
      throw this.#tooLarge(`its files add up to more than ${imageLimits.size} bytes`);
    return size <= small ? await this.#addSmall(chunks, size) : await this.#addLarge(chunks, size);
  }

  async #addSmall(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Content> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of chunks) {
      length += chunk.length;
      if (length > size) break;
      parts.push(chunk);
    }
    this.#checkLength(length, size);
    const bytes = Buffer.concat(parts);
    const digest = sha256(bytes);
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    this.#grow(size);
    const file = join(this.#directory, digest);
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      throw ioError(error, 'cannot unpack the image', file);
    });
    return this.#remember({ file, sha256: digest, size });
  }

  async #addLarge(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Content> {
    const unnamed = join(this.#directory, 'unnamed');
    const hash = createHash('sha256');
    let length = 0;
    try {
      const output = await open(unnamed, 'wx', 0o600);
      try {
        for await (const chunk of chunks) {
          length += chunk.length;
          if (length > size) break;
          this.#grow(chunk.length);
          hash.update(chunk);
          await output.writeFile(chunk);
        }
        this.#checkLength(length, size);
      } finally {
        await output.close();
      }
      const digest = hash.digest('hex');
      const known = this.#known.get(digest);
      if (known !== undefined) {
        await rm(unnamed);
        this.#stored -= size;
        return known;
      }
      const file = join(this.#directory, digest);
      await rename(unnamed, file);
      return this.#remember({ file, sha256: digest, size });
    } catch (error) {
      throw ioError(error, 'cannot unpack the image', unnamed);
    }
  }

  #remember(content: Content): Content {
    this.#known.set(content.sha256, content);
    return content;
  }

  #checkLength(length: number, size: number): void {
    if (length !== size)
      throw imageInvalid(this.#image, `a file of ${size} bytes delivers ${length > size ? 'more' : length}`);
  }

  #grow(bytes: number): void {
    this.#stored += bytes;
    if (this.#stored > this.#allowed) throw this.#tooLarge(`it unpacks to more than ${this.#allowed} bytes`);
  }

  #tooLarge(what: string): Error {
    return imageInvalid(this.#image, what, { hint: 'no real extension looks like this' });
  }
}
