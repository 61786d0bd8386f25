import { imageInvalid } from './image-invalid.ts';

/**
 * A stretch of a file: `length` bytes from `start`. Several in a row make the whole file.
 *
 * - `hole`: zeros.
 * - `plain`: as they are, at `address`.
 * - `cluster`: to be decoded from `encoded` bytes at `address`.
 * - `fragment`: at `address` in the image's packed inode.
 */
export type Extent = { readonly start: number; readonly length: number } & (
  | { readonly type: 'hole' }
  | { readonly type: 'plain' | 'fragment'; readonly address: number }
  | { readonly type: 'cluster'; readonly address: number; readonly encoded: number; readonly format: ClusterFormat }
);

/** `shifted` and `interlaced` bytes are stored, the latter rotated to where their pages begin. */
type ClusterFormat = 'lz4' | 'shifted' | 'interlaced';

/** What the clusters of a compressed inode are found by. */
export interface CompressedInode {
  /** Bytes of the file. */
  readonly size: number;
  /** Whether it has compact indexes. */
  readonly compact: boolean;
  /** Where the inode and its extended attributes end. */
  readonly end: number;
  /** Bytes. */
  readonly blockSize: number;
  /** Reads bytes of the image, which must be there. */
  readonly readAt: (offset: number, length: number) => Promise<Buffer>;
  /** The image's name, for messages. */
  readonly image: string;
}

/** No cluster may decode to more, or be encoded in more (Linux, fs/erofs/erofs_fs.h). */
const maxDecoded = 12 * 1024 ** 2;
const maxEncoded = 1024 ** 2;

const advice = {
  compact2: 0x1,
  extents: 0x1,
  bigClusters: 0x6,
  inlineTail: 0x8,
  interlaced: 0x10,
  fragment: 0x20,
} as const;

const plain = 0;
const nonHead = 2;

/** Index of one logical cluster, which is one block of the file. */
interface Index {
  readonly type: number;
  /** Of a head: offset in its block at which what it describes begins. */
  readonly offset: number;
  /** Of a head: number of the block that holds the encoded bytes. */
  readonly block: number;
  /** After a head: blocks of encoded bytes; 0 when it does not say. */
  readonly blocks: number;
}

/** A head whose end is not known yet. */
interface Head {
  readonly start: number;
  readonly type: number;
  readonly block: number;
  blocks: number;
}

/**
 * Lists the extents of a compressed inode: lz4, with full or compact indexes, physical clusters of
 * several blocks, inlined tails and fragments.
 *
 * Source: `struct z_erofs_map_header` and what follows in Linux' fs/erofs/erofs_fs.h, and how
 * fs/erofs/zmap.c reads it.
 *
 * @throws SysextError `IMAGE_INVALID` for damage and for newer layouts.
 */
export async function* compressedExtents(inode: CompressedInode): AsyncGenerator<Extent> {
  const { size, blockSize, image } = inode;
  const headerAt = roundUp(inode.end, 8);
  const header = await inode.readAt(headerAt, 8);
  const clusterBits = header.readUInt8(7);
  if ((clusterBits & 0x80) !== 0) {
    const address = Number(header.readBigUInt64LE(0) & ((1n << 63n) - 1n));
    yield { start: 0, length: size, type: 'fragment', address };
    return;
  }
  const advised = header.readUInt16LE(4);
  if (clusterBits !== 0 || (!inode.compact && (advised & advice.extents) !== 0) || advised > 0x3f) {
    throw imageInvalid(image, 'its erofs is of a newer layout than can be read here');
  }
  const algorithms = header.readUInt8(6);
  const count = Math.ceil(size / blockSize);
  const bigClusters = (advised & advice.bigClusters) !== 0;
  const load = inode.compact
    ? compactIndexes(inode, headerAt + 8, count, (advised & advice.compact2) !== 0, bigClusters)
    : fullIndexes(inode, headerAt + 16, count, bigClusters);

  const extentOf = (head: Head, end: number): Extent & { readonly type: 'cluster' } => {
    const length = end - head.start;
    const encoded = (head.blocks || 1) * blockSize;
    if (length <= 0 || length > maxDecoded || encoded > maxEncoded) throw damaged(inode);
    const at = { start: head.start, length, type: 'cluster' } as const;
    if (head.type === plain) {
      const format = (advised & advice.interlaced) !== 0 ? 'interlaced' : 'shifted';
      return { ...at, address: head.block * blockSize, encoded, format };
    }
    const algorithm = head.type === 1 ? algorithms & 15 : algorithms >> 4;
    if (algorithm !== 0) throw damaged(inode);
    return { ...at, address: head.block * blockSize, encoded, format: 'lz4' };
  };

  let head: Head | undefined;
  let number = 0;
  let indexEnd = 0;
  let wasHead = false;
  for await (const { index, end } of load) {
    indexEnd = end;
    const isAfterHead = wasHead;
    wasHead = index.type !== nonHead;
    const start = number * blockSize + index.offset;
    if (index.type === nonHead) {
      if (isAfterHead && head !== undefined) head.blocks = index.blocks;
    } else if (start < size) {
      if (head === undefined ? start !== 0 : start <= head.start) throw damaged(inode);
      if (head !== undefined) yield extentOf(head, start);
      head = { start, type: index.type, block: index.block, blocks: 0 };
    }
    number++;
  }
  if (head === undefined) throw damaged(inode);
  if ((advised & advice.fragment) !== 0) {
    const high = inode.compact ? 0 : head.block;
    yield {
      start: head.start,
      length: size - head.start,
      type: 'fragment',
      address: header.readUInt32LE(0) + high * 2 ** 32,
    };
    return;
  }
  const last = extentOf(head, size);
  const inlined = (advised & advice.inlineTail) !== 0 ? header.readUInt16LE(2) : 0;
  yield inlined === 0 ? last : { ...last, address: indexEnd, encoded: inlined };
}

type Located = { readonly index: Index; /** Where the indexes loaded so far end. */ readonly end: number };

/** Eight bytes an index. */
async function* fullIndexes(
  inode: CompressedInode,
  base: number,
  count: number,
  bigClusters: boolean,
): AsyncGenerator<Located> {
  for (let number = 0; number < count; number++) {
    const at = base + number * 8;
    const bytes = await inode.readAt(at, 8);
    const type = bytes.readUInt16LE(0) & 3;
    if (type === nonHead) {
      const distance = bytes.readUInt16LE(4);
      const blocks = bigClusters && (distance & blockCountFlag) !== 0 ? distance & ~blockCountFlag : 0;
      yield { index: { type, offset: 0, block: 0, blocks }, end: at + 8 };
    } else {
      const offset = bytes.readUInt16LE(2);
      if (offset >= inode.blockSize) throw damaged(inode);
      yield { index: { type, offset, block: bytes.readUInt32LE(4), blocks: 0 }, end: at + 8 };
    }
  }
}

/** Set where an index holds a number of blocks instead of a distance to its head. */
const blockCountFlag = 0x800;

/**
 * Packs of indexes: 2 in 8 bytes, and between them, where that is aligned to 32 bytes, 16 in 32.
 * The last four bytes of a pack are the block number that its heads count from.
 */
async function* compactIndexes(
  inode: CompressedInode,
  base: number,
  count: number,
  hasLargePacks: boolean,
  bigClusters: boolean,
): AsyncGenerator<Located> {
  const blockLog = Math.log2(inode.blockSize);
  if (blockLog > 14 || (hasLargePacks && blockLog > 12)) throw damaged(inode);
  const leading = ((32 - (base % 32)) / 4) & 7;
  const large = hasLargePacks && leading < count ? Math.floor((count - leading) / 16) * 16 : 0;
  const width = Math.max(blockLog, 12);
  let at = base;
  for (let number = 0; number < count;) {
    const isLarge = number >= leading && number < leading + large;
    const bytes = await inode.readAt(at, isLarge ? 32 : 8);
    at += bytes.length;
    const items = unpack(bytes, isLarge ? 16 : 2, width);
    const block = bytes.readUInt32LE(bytes.length - 4);
    for (let place = 0; place < items.length && number < count; place++, number++) {
      const { type, value } = items[place]!;
      if (type === nonHead) {
        const blocks = bigClusters && (value & blockCountFlag) !== 0 ? value & ~blockCountFlag : 0;
        yield { index: { type, offset: 0, block: 0, blocks }, end: at };
      } else {
        if (value >= inode.blockSize) throw damaged(inode);
        const before = bigClusters ? blocksBeforeBig(inode, items, place) : blocksBefore(items, place);
        yield { index: { type, offset: value, block: block + before, blocks: 0 }, end: at };
      }
    }
  }
}

interface Item {
  readonly type: number;
  readonly value: number;
}

function unpack(bytes: Buffer, count: number, width: number): Item[] {
  const step = ((bytes.length - 4) * 8) / count;
  return Array.from({ length: count }, (_, place) => {
    const bits = bytes.readUInt32LE((step * place) >> 3) >>> ((step * place) & 7);
    return { type: (bits >>> width) & 3, value: bits & (2 ** width - 1) };
  });
}

/** Blocks from a pack's base to a head in it, when each head has one. */
function blocksBefore(items: readonly Item[], place: number): number {
  let blocks = 1;
  for (let i = place; i > 0;) {
    const { type, value } = items[--i]!;
    if (type === nonHead) i -= value;
    if (i >= 0) blocks++;
  }
  return blocks;
}

/** The same, when the first index after a head may say how many it has. */
function blocksBeforeBig(inode: CompressedInode, items: readonly Item[], place: number): number {
  let blocks = 0;
  for (let i = place; i > 0;) {
    const { type, value } = items[--i]!;
    if (type !== nonHead) blocks++;
    else if ((value & blockCountFlag) !== 0) {
      i--;
      blocks += value & ~blockCountFlag;
    } else {
      if (value <= 1) throw damaged(inode);
      i -= value - 2;
    }
  }
  return blocks;
}

function damaged(inode: CompressedInode): Error {
  return imageInvalid(inode.image, 'its erofs is damaged: the map of a compressed file makes no sense');
}

/** The next multiple of `step`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
