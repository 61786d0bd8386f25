import type { Extent } from './erofs-clusters.ts';
import { type ErofsVolume, type Inode, extentsOf, readInode } from './erofs-inode.ts';
import { imageInvalid } from './image-invalid.ts';
import { decompressLz4 } from './lz4.ts';
import { erofsFeatures } from './superblock.ts';

/** Bytes that stored data is read in. */
const pieceSize = 1024 ** 2;

/** More extents than a packed inode of imageLimits' size needs. */
const maxPackedExtents = 4 * 1024 ** 2;

/** Reads the data of an erofs' inodes. */
export class ErofsData {
  readonly #volume: ErofsVolume;
  #packed: Promise<readonly Extent[]> | undefined;
  /** The cluster that a fragment came from last: neighbours tend to follow. */
  #lastCluster: { readonly extent: Extent; readonly bytes: Buffer } | undefined;

  constructor(volume: ErofsVolume) {
    this.#volume = volume;
  }

  /**
   * All data of an inode.
   *
   * @throws SysextError `IMAGE_INVALID`
   */
  async *stream(inode: Inode): AsyncGenerator<Buffer> {
    for await (const extent of extentsOf(this.#volume, inode)) {
      if (extent.type === 'fragment') yield* this.#fragment(extent.address, extent.length);
      else yield* this.#part(extent, 0, extent.length);
    }
  }

  /** All data of a small inode. */
  async whole(inode: Inode): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(inode)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** Bytes `from` to `to` of an extent. */
  async *#part(extent: Exclude<Extent, { type: 'fragment' }>, from: number, to: number): AsyncGenerator<Buffer> {
    if (extent.type === 'cluster') {
      yield (await this.#decode(extent)).subarray(from, to);
      return;
    }
    for (let at = from; at < to; at += pieceSize) {
      const length = Math.min(pieceSize, to - at);
      yield extent.type === 'hole' ? Buffer.alloc(length) : await this.#volume.readAt(extent.address + at, length);
    }
  }

  async #decode(extent: Extent & { readonly type: 'cluster' }): Promise<Buffer> {
    const { length, format } = extent;
    const { blockSize, features } = this.#volume.superBlock;
    const encoded = await this.#volume.readAt(extent.address, extent.encoded);
    if (format === 'lz4') {
      // The bytes are at the end of their blocks, so that they can be decoded in place.
      const isPadded = (features & erofsFeatures.zeroPadding) !== 0;
      const begin = isPadded ? encoded.findIndex((byte) => byte !== 0) : 0;
      try {
        return decompressLz4(encoded.subarray(begin === -1 ? encoded.length : begin), length);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw imageInvalid(this.#volume.image, `its erofs is damaged: ${error.message}`, { cause: error });
      }
    }
    if (length > encoded.length)
      throw imageInvalid(this.#volume.image, 'its erofs is damaged: stored data is too short');
    if (format === 'shifted') return encoded.subarray(0, length);
    const begin = extent.start % blockSize;
    const first = encoded.subarray(begin, begin + length);
    return Buffer.concat([first, encoded.subarray(0, length - first.length)]);
  }

  /** Bytes of the packed inode. */
  async *#fragment(address: number, length: number): AsyncGenerator<Buffer> {
    const extents = await (this.#packed ??= this.#loadPacked());
    const end = address + length;
    let at = address;
    for (let index = indexAt(extents, address); at < end; index++) {
      const extent = extents[index];
      if (extent === undefined || extent.type === 'fragment') {
        throw imageInvalid(this.#volume.image, 'its erofs is damaged: a fragment lies outside of the packed inode');
      }
      const to = Math.min(end, extent.start + extent.length) - extent.start;
      const from = at - extent.start;
      if (extent.type === 'cluster') {
        if (this.#lastCluster?.extent !== extent) this.#lastCluster = { extent, bytes: await this.#decode(extent) };
        yield this.#lastCluster.bytes.subarray(from, to);
      } else yield* this.#part(extent, from, to);
      at = extent.start + to;
    }
  }

  async #loadPacked(): Promise<readonly Extent[]> {
    const { superBlock, image } = this.#volume;
    const extents: Extent[] = [];
    for await (const extent of extentsOf(this.#volume, await readInode(this.#volume, superBlock.packed))) {
      if (extents.push(extent) > maxPackedExtents)
        throw imageInvalid(image, 'its erofs is damaged: the packed inode is too large');
    }
    return extents;
  }
}

/** Index of the extent that holds a byte: extents are in order and without gaps. */
function indexAt(extents: readonly Extent[], address: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (extents[middle]!.start + extents[middle]!.length <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
