import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { SysextError, ioError } from '../errors.ts';
import { Contents } from './contents.ts';
import type { Entries, ReadTree } from './entries.ts';
import { readErofs } from './erofs-read.ts';
import type { ImageFacts, Partition } from './facts.ts';
import { parseGptHeader, parsePartitions } from './gpt.ts';
import { imageInvalid } from './image-invalid.ts';
import { readSquashfs } from './squashfs-read.ts';
import { type SuperBlock, parseSuperBlock, superBlockArea } from './superblock.ts';

/** An image that has been read. Disposing of it removes the contents of its files. */
export interface OpenImage extends ReadTree, AsyncDisposable {
  readonly facts: ImageFacts;
}

/**
 * Reads what the first bytes of an image say: a bare file system, or a disk image (DDI) whose root
 * or usr partition holds one. Neither reads nor verifies the tree; a file system that is longer
 * than the file is reported in `bytesUsed`, not refused.
 *
 * @throws SysextError `IMAGE_INVALID` for a file that is no image, `IO` when it cannot be read.
 */
export async function readImageFacts(file: string): Promise<ImageFacts> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw imageInvalid(file, 'it is no regular file');
    return await factsOf(handle, file, stats.size);
  } catch (error) {
    throw ioError(error, 'cannot read the image', file);
  } finally {
    await handle?.close();
  }
}

async function factsOf(handle: FileHandle, file: string, size: number): Promise<ImageFacts> {
  if (size === 0) throw imageInvalid(file, 'it is empty');
  const head = await readHead(handle, 0, superBlockArea);
  const header = parseGptHeader(head, file);
  if (header === undefined) {
    const superBlock = parseSuperBlock(head, file);
    if (superBlock === undefined) throw imageInvalid(file, `it is no image: ${describe(head)}`);
    return { file, size, offset: 0, ...general(superBlock) };
  }
  const table = await readHead(handle, header.offset, header.entries * header.entrySize);
  const partitions = parsePartitions(table, header, size, file);
  const data = dataPartition(partitions, file);
  const inside = parseSuperBlock(await readHead(handle, data.offset, Math.min(superBlockArea, data.size)), file);
  return { file, size, offset: data.offset, partitions, ...general(inside ?? unknown) };
}

const unknown: SuperBlock = { fileSystem: 'unknown', compression: 'unknown', blockSize: 0, bytesUsed: 0, createdAt: 0 };

/** Without what only the reader of one file system needs. */
function general({ fileSystem, compression, blockSize, bytesUsed, createdAt }: SuperBlock): SuperBlock {
  return { fileSystem, compression, blockSize, bytesUsed, createdAt };
}

async function readHead(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

const isData = ({ role }: Partition): boolean => /^(root|usr)-(x86-64|arm64)$/.test(role);

/** The one partition that holds the extension's tree. */
function dataPartition(partitions: readonly Partition[], file: string): Partition {
  const found = partitions.filter(isData);
  if (found.length === 1) return found[0]!;
  const roles = partitions.map(({ role }) => role).join(', ') || 'none at all';
  throw imageInvalid(
    file,
    `it is a disk image with ${found.length} partitions for root or usr instead of one; its partitions: ${roles}`,
  );
}

/** Offset and bytes, as Latin-1, that files begin with which are taken for images. */
const otherFiles: readonly [number, string, string][] = [
  [0, '\x1f\x8b', 'it is a gzip file; unpack it first'],
  [0, '\xfd7zXZ\0', 'it is an xz file; unpack it first'],
  [0, '\x28\xb5\x2f\xfd', 'it is a zstd file; unpack it first'],
  [0, 'BZh', 'it is a bzip2 file; unpack it first'],
  [0, 'PK\x03\x04', 'it is a zip file'],
  [0, '\x7fELF', 'it is a program or a library (ELF)'],
  [257, 'ustar', 'it is a tar archive'],
];

function describe(head: Buffer): string {
  const text = head.toString('latin1', 0, 512);
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml)/i.test(text)) return 'it is a web page';
  if (head.every((byte) => byte === 0)) return 'it begins with zeros alone';
  const known = otherFiles.find(([offset, magic]) => text.startsWith(magic, offset));
  return known?.[2] ?? 'neither a squashfs nor an erofs nor a disk image';
}

/**
 * Reads an image whole: facts, and the tree with contents in a temporary directory of the cache.
 *
 * The image is hostile until proven otherwise: nothing is written to a path that it chooses, and
 * nothing beyond `imageLimits`. Memory does not grow with the size of its files.
 *
 * @throws SysextError `IMAGE_INVALID` for anything but a whole squashfs or erofs, bare or in a
 * disk image; `TOOL_MISSING`, `NO_SPACE`, `IO`; the signal's reason when it was aborted.
 */
export async function openImage(context: Context, file: string): Promise<OpenImage> {
  const facts = await readImageFacts(file);
  const available = facts.partitions?.find(isData)?.size ?? facts.size;
  if (facts.bytesUsed > available) {
    throw imageInvalid(
      file,
      `it is truncated: its ${facts.fileSystem} has ${facts.bytesUsed} bytes, ${available} of them are there`,
      {
        hint: 'download or build it again',
      },
    );
  }
  const directory = await context.cache.temporaryPath();
  const dispose = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory, { mode: 0o700 });
    const read = (await readTree(context, facts, directory)).finish(mountPoint(facts));
    return { facts, ...read, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    context.signal.throwIfAborted();
    throw error instanceof SysextError ? error : ioError(error, 'cannot read the image', file);
  }
}

function mountPoint(facts: ImageFacts): '' | 'usr' {
  return facts.partitions?.find(isData)?.role.startsWith('usr-') === true ? 'usr' : '';
}

async function readTree(context: Context, facts: ImageFacts, directory: string): Promise<Entries> {
  const { file, fileSystem, offset } = facts;
  const contents = new Contents(directory, file, facts.size);
  switch (fileSystem) {
    case 'erofs':
      return await readErofs(context, file, offset, file, contents);
    case 'squashfs': {
      if (offset === 0) return await readSquashfs(context, file, file, contents);
      // sqfs2tar reads from the beginning of a file.
      const partition = join(directory, 'partition');
      const bytes = createReadStream(file, {
        start: offset,
        end: offset + facts.bytesUsed - 1,
        highWaterMark: 1 << 20,
      });
      await pipeline(bytes, createWriteStream(partition), { signal: context.signal });
      return await readSquashfs(context, partition, file, contents);
    }
    default:
      throw imageInvalid(file, `only squashfs and erofs can be read; this file system is ${fileSystem}`);
  }
}
