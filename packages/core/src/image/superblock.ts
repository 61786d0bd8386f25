import type { FileSystem, ImageFacts } from './facts.ts';
import { imageInvalid } from './image-invalid.ts';

/** What a file system says about itself as a whole. */
export interface SuperBlock extends Pick<ImageFacts, 'compression' | 'blockSize' | 'bytesUsed' | 'createdAt'> {
  readonly fileSystem: FileSystem;
}

/** Bytes from the start of a file system in which every superblock lies that is known here; btrfs has the last. */
export const superBlockArea = 68 * 1024;

/**
 * Reads the superblock of a squashfs, erofs, ext4 or btrfs; `undefined` when none is there.
 *
 * @param head the first {@link superBlockArea} bytes, or all there are.
 * @param file its name, for messages.
 * @throws SysextError `IMAGE_INVALID` when a superblock is there that no kernel accepts.
 */
export function parseSuperBlock(head: Buffer, file: string): SuperBlock | undefined {
  return parseSquashfs(head, file) ?? parseErofs(head, file) ?? parseExt4(head) ?? parseBtrfs(head);
}

const squashfsCompressors = ['gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'] as const;

/** Source: `struct squashfs_super_block` in Linux' fs/squashfs/squashfs_fs.h, and the checks in its super.c. */
function parseSquashfs(head: Buffer, file: string): SuperBlock | undefined {
  const magic = head.toString('latin1', 0, 4);
  if (magic === 'sqsh') throw imageInvalid(file, 'it is a big-endian squashfs, which Linux no longer mounts');
  if (magic !== 'hsqs') return undefined;
  if (head.length < 96) throw imageInvalid(file, 'it ends within the squashfs superblock');
  const version = `${head.readUInt16LE(28)}.${head.readUInt16LE(30)}`;
  if (version !== '4.0') throw imageInvalid(file, `it is a squashfs of version ${version}; Linux mounts 4.0 alone`);
  const blockSize = head.readUInt32LE(12);
  const blockLog = head.readUInt16LE(22);
  if (blockLog < 12 || blockLog > 20 || blockSize !== 2 ** blockLog) {
    throw imageInvalid(
      file,
      `its squashfs superblock is damaged: a block size of ${blockSize} bytes, by its logarithm 2^${blockLog}`,
    );
  }
  const compressor = head.readUInt16LE(20);
  const compression = squashfsCompressors[compressor - 1];
  if (compression === undefined)
    throw imageInvalid(file, `its squashfs superblock names an unknown compressor (${compressor})`);
  const bytesUsed = head.readBigUInt64LE(40);
  if (bytesUsed < 96n || bytesUsed > Number.MAX_SAFE_INTEGER) {
    throw imageInvalid(file, `its squashfs superblock is damaged: it gives its size as ${bytesUsed} bytes`);
  }
  return {
    fileSystem: 'squashfs',
    compression,
    blockSize,
    bytesUsed: Number(bytesUsed),
    createdAt: head.readUInt32LE(8),
  };
}

const erofsCompressors = ['lz4', 'lzma', 'deflate', 'zstd'] as const;

/** Incompatible features of an erofs; a reader that does not know one of them misreads the image. */
export const erofsFeatures = {
  zeroPadding: 0x1,
  /** Compression configurations, and physical clusters of several blocks. */
  bigClusters: 0x2,
  chunks: 0x4,
  deviceTable: 0x8,
  inlineTails: 0x10,
  /** Fragments, and deduplicated clusters. */
  fragments: 0x20,
  xattrPrefixes: 0x40,
} as const;

/** The superblock of an erofs, with what a reader of its tree needs. */
export interface ErofsSuperBlock extends SuperBlock {
  /** Sum of {@link erofsFeatures}, and of others. */
  readonly features: number;
  /** Inode numbers: 32-byte slots from `metadata`. */
  readonly root: number;
  /** Inode that fragments of files are packed in. */
  readonly packed: bigint;
  /** Bytes from the start of the file system. */
  readonly metadata: number;
  /** Bytes from the start of the file system. */
  readonly sharedXattrs: number;
  /** Bytes. */
  readonly directoryBlockSize: number;
}

const erofsOffset = 1024;

/**
 * Reads an erofs superblock; `undefined` when none is there. The checksum is verified, as Linux does.
 *
 * Without a list of algorithms, an image is taken for lz4 when its clusters are padded as lz4
 * needs it; lz4 as it was before Linux 5.4 passes for `none`.
 *
 * Source: `struct erofs_super_block` in Linux' fs/erofs/erofs_fs.h, and the checks in its super.c.
 *
 * @throws SysextError `IMAGE_INVALID` as {@link parseSuperBlock}.
 */
export function parseErofs(head: Buffer, file: string): ErofsSuperBlock | undefined {
  if (head.length < erofsOffset + 4 || head.readUInt32LE(erofsOffset) !== 0xe0f5e1e2) return undefined;
  const block = head.subarray(erofsOffset);
  if (block.length < 128) throw imageInvalid(file, 'it ends within the erofs superblock');
  const blockLog = block.readUInt8(12);
  if (blockLog < 9 || blockLog > 16)
    throw imageInvalid(file, `its erofs superblock is damaged: blocks of 2^${blockLog} bytes`);
  const blockSize = 2 ** blockLog;
  const hasChecksum = (block.readUInt32LE(8) & 1) !== 0;
  if (
    hasChecksum &&
    erofsChecksum(head, blockSize > erofsOffset ? blockSize : erofsOffset + blockSize) !== block.readUInt32LE(4)
  ) {
    throw imageInvalid(file, 'its erofs superblock is damaged: the checksum does not fit');
  }
  const features = block.readUInt32LE(80);
  const algorithms = block.readUInt16LE(84);
  const compression =
    (features & erofsFeatures.bigClusters) !== 0
      ? erofsCompressors.filter((_, index) => (algorithms >> index) & 1)
      : (features & erofsFeatures.zeroPadding) !== 0
        ? ['lz4']
        : [];
  return {
    fileSystem: 'erofs',
    compression: compression.join('+') || 'none',
    blockSize,
    bytesUsed: block.readUInt32LE(36) * blockSize,
    createdAt: Number(block.readBigUInt64LE(24)) + block.readUInt32LE(108),
    features,
    root: block.readUInt16LE(14),
    packed: block.readBigUInt64LE(96),
    metadata: block.readUInt32LE(40) * blockSize,
    sharedXattrs: block.readUInt32LE(44) * blockSize,
    directoryBlockSize: blockSize * 2 ** Math.min(block.readUInt8(90), 16),
  };
}

/** CRC-32C of the superblock's block with the field itself as zero, without the final inversion. */
function erofsChecksum(head: Buffer, end: number): number {
  const bytes = Buffer.from(head.subarray(erofsOffset, end));
  bytes.writeUInt32LE(0, 4);
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return crc >>> 0;
}

/** Source: `struct ext4_super_block` in the kernel's documentation, filesystems/ext4/super. */
function parseExt4(head: Buffer): SuperBlock | undefined {
  const block = head.subarray(1024, 2048);
  if (block.length < 1024 || block.readUInt16LE(56) !== 0xef53) return undefined;
  const blockSize = 1024 * 2 ** Math.min(block.readUInt32LE(24), 6);
  return {
    fileSystem: 'ext4',
    compression: 'none',
    blockSize,
    bytesUsed: block.readUInt32LE(4) * blockSize,
    createdAt: block.readUInt32LE(264),
  };
}

/** Source: `struct btrfs_super_block` in Linux' include/uapi/linux/btrfs_tree.h; it carries no time of its making. */
function parseBtrfs(head: Buffer): SuperBlock | undefined {
  const block = head.subarray(65_536);
  if (block.length < 4096 || block.toString('latin1', 64, 72) !== '_BHRfS_M') return undefined;
  const bytesUsed = Number(block.readBigUInt64LE(112));
  return { fileSystem: 'btrfs', compression: 'none', blockSize: block.readUInt32LE(144), bytesUsed, createdAt: 0 };
}
