import { type CompressedInode, type Extent, compressedExtents, roundUp } from './erofs-clusters.ts';
import { decodeName } from './entries.ts';
import { imageInvalid } from './image-invalid.ts';
import type { ErofsSuperBlock } from './superblock.ts';

/** An erofs that is open for reading. */
export interface ErofsVolume {
  readonly superBlock: ErofsSuperBlock;
  /** Reads bytes of the file system, which must be there. */
  readonly readAt: (offset: number, length: number) => Promise<Buffer>;
  /** The image's name, for messages. */
  readonly image: string;
}

/** An inode; {@link extentsOf} finds its data. */
export interface Inode {
  /** `st_mode`, file type included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly layout: number;
  /** By kind: first block of the data, device number, or format of the chunks. */
  readonly detail: number;
  /** Bytes from the start of the file system to the extended attributes, and to what follows them. */
  readonly xattrs: number;
  readonly end: number;
}

const layouts = { plain: 0, compressedFull: 1, inline: 2, compressedCompact: 3, chunks: 4 } as const;

/**
 * Reads one inode.
 *
 * Source: `struct erofs_inode_compact` and `_extended` in Linux' fs/erofs/erofs_fs.h.
 *
 * @throws SysextError `IMAGE_INVALID`
 */
export async function readInode(volume: ErofsVolume, nid: bigint): Promise<Inode> {
  const at = volume.superBlock.metadata + Number(nid) * 32;
  const format = (await volume.readAt(at, 32)).readUInt16LE(0);
  const extended = (format & 1) !== 0;
  const layout = (format >> 1) & 7;
  if (layout > layouts.chunks || format >= 0x20) throw newer(volume);
  const inode = await volume.readAt(at, extended ? 64 : 32);
  const size = extended ? inode.readBigUInt64LE(8) : BigInt(inode.readUInt32LE(8));
  if (size > Number.MAX_SAFE_INTEGER) throw damaged(volume, `an inode claims ${size} bytes`);
  const xattrSlots = inode.readUInt16LE(2);
  const xattrs = at + inode.length;
  return {
    mode: inode.readUInt16LE(4),
    uid: extended ? inode.readUInt32LE(24) : inode.readUInt16LE(24),
    gid: extended ? inode.readUInt32LE(28) : inode.readUInt16LE(26),
    size: Number(size),
    layout,
    detail: inode.readUInt32LE(16),
    xattrs,
    end: xattrs + (xattrSlots === 0 ? 0 : 12 + 4 * (xattrSlots - 1)),
  };
}

const noBlock = 0xffffffff;

/**
 * Lists the stretches that make an inode's data, in order and without gaps.
 *
 * @throws SysextError `IMAGE_INVALID`
 */
export async function* extentsOf(volume: ErofsVolume, inode: Inode): AsyncGenerator<Extent> {
  const { size, layout, end } = inode;
  const { blockSize } = volume.superBlock;
  if (size === 0) return;
  if (layout === layouts.compressedFull || layout === layouts.compressedCompact) {
    const compact = layout === layouts.compressedCompact;
    yield* compressedExtents({ ...volume, size, compact, end, blockSize } satisfies CompressedInode);
  } else if (layout === layouts.chunks) yield* chunkExtents(volume, inode);
  else {
    const address = inode.detail * blockSize;
    const inlineFrom = layout === layouts.inline ? (Math.ceil(size / blockSize) - 1) * blockSize : size;
    if (inlineFrom > 0) {
      yield layout === layouts.plain && inode.detail === noBlock
        ? { start: 0, length: size, type: 'hole' }
        : { start: 0, length: inlineFrom, type: 'plain', address };
    }
    if (inlineFrom < size) yield { start: inlineFrom, length: size - inlineFrom, type: 'plain', address: end };
  }
}

const chunkFormat = { bits: 0x1f, indexes: 0x20 } as const;

async function* chunkExtents(volume: ErofsVolume, inode: Inode): AsyncGenerator<Extent> {
  const format = inode.detail & 0xffff;
  if (format > 0x3f) throw newer(volume);
  const { blockSize } = volume.superBlock;
  const chunkSize = blockSize * 2 ** (format & chunkFormat.bits);
  const unit = (format & chunkFormat.indexes) !== 0 ? 8 : 4;
  let at = roundUp(inode.end, unit);
  for (let start = 0; start < inode.size; start += chunkSize, at += unit) {
    const index = await volume.readAt(at, unit);
    const block = index.readUInt32LE(unit - 4);
    const length = Math.min(chunkSize, inode.size - start);
    if (block === noBlock) yield { start, length, type: 'hole' };
    else if (unit === 8 && index.readUInt16LE(2) !== 0)
      throw imageInvalid(volume.image, 'it is an erofs with data on another device');
    else yield { start, length, type: 'plain', address: block * blockSize };
  }
}

/** `e_name_index` → beginning of the name. */
const xattrPrefixes: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  5: 'lustre.',
  6: 'security.',
};

/**
 * Names of an inode's extended attributes, its own and the shared ones.
 *
 * Source: `struct erofs_xattr_ibody_header` and `erofs_xattr_entry` in Linux' fs/erofs/erofs_fs.h.
 *
 * @throws SysextError `IMAGE_INVALID`
 */
export async function xattrNames(volume: ErofsVolume, { xattrs, end }: Inode): Promise<string[]> {
  if (xattrs === end) return [];
  const names: string[] = [];
  const body = await volume.readAt(xattrs, end - xattrs);
  const shared = body.readUInt8(4);
  let at = 12 + 4 * shared;
  if (at > body.length) throw damaged(volume, 'the extended attributes of an inode reach beyond it');
  for (let index = 0; index < shared; index++) {
    const entry = volume.superBlock.sharedXattrs + 4 * body.readUInt32LE(12 + 4 * index);
    const [length, prefix] = await volume.readAt(entry, 2);
    names.push(xattrName(volume, prefix!, await volume.readAt(entry + 4, length!)));
  }
  while (at + 4 <= body.length) {
    const length = body.readUInt8(at);
    const name = body.subarray(at + 4, at + 4 + length);
    const next = roundUp(at + 4 + length + body.readUInt16LE(at + 2), 4);
    // Where space was set aside for more, it is zeros.
    if (length === 0 && body.readUInt8(at + 1) === 0) break;
    if (next > body.length) throw damaged(volume, 'the extended attributes of an inode reach beyond it');
    names.push(xattrName(volume, body.readUInt8(at + 1), name));
    at = next;
  }
  return names;
}

function xattrName(volume: ErofsVolume, prefix: number, rest: Buffer): string {
  const start = xattrPrefixes[prefix];
  if (start === undefined) throw newer(volume);
  return start + decodeName(rest, volume.image);
}

function newer({ image }: ErofsVolume): Error {
  return imageInvalid(image, 'its erofs is of a newer layout than can be read here');
}

function damaged({ image }: ErofsVolume, what: string): Error {
  return imageInvalid(image, `its erofs is damaged: ${what}`);
}
