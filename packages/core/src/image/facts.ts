/** File systems an image can be of; the host's kernel decides which of them it mounts. */
export type FileSystem = 'squashfs' | 'erofs' | 'ext4' | 'btrfs' | 'unknown';

/** What the first bytes of an image say, before its tree is read. */
export interface ImageFacts {
  /** Path of the image file. */
  readonly file: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly fileSystem: FileSystem;
  /** Squashfs: gzip, lzma, lzo, xz, lz4, zstd. Erofs: none, lz4, lzma, deflate, zstd, or several joined by `+`. */
  readonly compression: string;
  /** Bytes of a squashfs data block, or of a block of the other file systems. */
  readonly blockSize: number;
  /** Bytes the file system says it occupies; more than the file has means truncation. */
  readonly bytesUsed: number;
  /** When the file system was made: seconds since 1970, 0 in a reproducible image. */
  readonly createdAt: number;
  /** Where the file system begins in the file: 0, or the root partition of a disk image. */
  readonly offset: number;
  /** Partitions of a disk image (DDI); absent for a bare file system. */
  readonly partitions?: readonly Partition[] | undefined;
}

/** An entry of a GUID partition table. */
export interface Partition {
  /** Type GUID in lower case. */
  readonly type: string;
  /** By the Discoverable Partitions Specification: `root-x86-64`, `usr-arm64-verity`, …; the GUID when it is none of them. */
  readonly role: string;
  readonly uuid: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}
