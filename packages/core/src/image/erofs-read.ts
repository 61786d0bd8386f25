import { open } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { ioError } from '../errors.ts';
import type { Content, Entry } from '../tree.ts';
import type { Contents } from './contents.ts';
import { Entries, decodeName } from './entries.ts';
import { ErofsData } from './erofs-data.ts';
import { type ErofsVolume, type Inode, readInode, xattrNames } from './erofs-inode.ts';
import { imageInvalid } from './image-invalid.ts';
import { erofsFeatures, parseErofs, superBlockArea } from './superblock.ts';

const { zeroPadding, bigClusters, chunks, inlineTails, fragments } = erofsFeatures;
const readable = zeroPadding | bigClusters | chunks | inlineTails | fragments;

/**
 * Reads an erofs, uncompressed or compressed with lz4, as `mkfs.erofs` makes them without options
 * that Flatcar's kernel lacks.
 *
 * No tool is involved: `fsck.erofs --extract` writes to paths that the image chooses, and gives
 * owners only to root.
 *
 * @param file file that holds the erofs.
 * @param offset bytes to its beginning.
 * @param image its name for messages.
 * @throws SysextError `IMAGE_INVALID`
 */
export async function readErofs(
  context: Context,
  file: string,
  offset: number,
  image: string,
  contents: Contents,
): Promise<Entries> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw ioError(error, 'cannot read', file);
  });
  try {
    const size = (await handle.stat()).size - offset;
    const readAt = async (at: number, length: number): Promise<Buffer> => {
      context.signal.throwIfAborted();
      if (at + length > size)
        throw imageInvalid(image, `its erofs refers to byte ${at + length} of ${size}: it is damaged or truncated`);
      return (await handle.read(Buffer.alloc(length), 0, length, offset + at)).buffer;
    };
    const superBlock = parseErofs(await readAt(0, Math.min(superBlockArea, size)), image);
    if (superBlock === undefined) throw imageInvalid(image, 'it is no erofs');
    if ((superBlock.features & ~readable) !== 0) {
      throw imageInvalid(
        image,
        `its erofs has features that cannot be read here (0x${superBlock.features.toString(16)})`,
      );
    }
    const { compression } = superBlock;
    if (compression !== 'none' && compression !== 'lz4') {
      throw imageInvalid(image, `it is an erofs compressed with ${compression}; only lz4 can be read here`, {
        hint: "Flatcar's kernel mounts no other either: use lz4hc, or a squashfs",
      });
    }
    return await new TreeReader({ superBlock, image, readAt: cached(readAt, size) }, contents, image).read();
  } finally {
    await handle.close();
  }
}

/** Bytes that short reads are served from: metadata is read in many small pieces. */
const pageSize = 64 * 1024;
const pages = 64;

function cached(readAt: ErofsVolume['readAt'], size: number): ErofsVolume['readAt'] {
  const kept = new Map<number, Buffer>();
  return async (at, length) => {
    const page = Math.floor(at / pageSize);
    if (length > 4096 || at + length > Math.min((page + 1) * pageSize, size)) return await readAt(at, length);
    let bytes = kept.get(page);
    if (bytes === undefined) bytes = await readAt(page * pageSize, Math.min(pageSize, size - page * pageSize));
    else kept.delete(page);
    kept.set(page, bytes);
    if (kept.size > pages) kept.delete(kept.keys().next().value!);
    return bytes.subarray(at - page * pageSize, at - page * pageSize + length);
  };
}

class TreeReader {
  readonly #volume: ErofsVolume;
  readonly #data: ErofsData;
  readonly #contents: Contents;
  readonly #entries: Entries;
  readonly #files = new Map<bigint, Content>();
  readonly #directories = new Set<bigint>();

  constructor(volume: ErofsVolume, contents: Contents, image: string) {
    this.#volume = volume;
    this.#data = new ErofsData(volume);
    this.#contents = contents;
    this.#entries = new Entries(image);
  }

  async read(): Promise<Entries> {
    await this.#visit('', BigInt(this.#volume.superBlock.root));
    return this.#entries;
  }

  async #visit(path: string, nid: bigint): Promise<void> {
    const inode = await readInode(this.#volume, nid);
    const entry = await this.#entryOf(path, nid, inode);
    this.#entries.add(path, entry);
    if (entry.type !== 'directory') return;
    if (this.#directories.has(nid)) throw this.#damaged(`/${path} is a directory with two names`);
    this.#directories.add(nid);
    for (const [name, child] of await this.#list(path, inode))
      await this.#visit(path === '' ? name : `${path}/${name}`, child);
  }

  async #entryOf(path: string, nid: bigint, inode: Inode): Promise<Entry> {
    const { uid, gid, detail } = inode;
    const base = { mode: inode.mode & 0o7777, uid, gid, xattrs: await xattrNames(this.#volume, inode) };
    // Linux' new_decode_dev(): twelve bits of major number within twenty of minor.
    const device = { major: (detail >>> 8) & 0xfff, minor: (detail & 0xff) | ((detail >>> 12) & 0xfff00) };
    switch (inode.mode & 0o170000) {
      case 0o100000:
        return { type: 'file', ...base, content: await this.#contentOf(nid, inode) };
      case 0o040000:
        return { type: 'directory', ...base };
      case 0o120000: {
        if (inode.size > 4095) throw this.#damaged(`the link /${path} has a target of ${inode.size} bytes`);
        return { type: 'symlink', ...base, target: decodeName(await this.#data.whole(inode), this.#volume.image) };
      }
      case 0o020000:
        return { type: 'character-device', ...base, ...device };
      case 0o060000:
        return { type: 'block-device', ...base, ...device };
      case 0o010000:
        return { type: 'fifo', ...base, major: 0, minor: 0 };
      case 0o140000:
        return { type: 'socket', ...base, major: 0, minor: 0 };
      default:
        throw this.#damaged(`/${path} is of no known type`);
    }
  }

  async #contentOf(nid: bigint, inode: Inode): Promise<Content> {
    let content = this.#files.get(nid);
    if (content === undefined) {
      content = await this.#contents.add(this.#data.stream(inode), inode.size);
      this.#files.set(nid, content);
    }
    return content;
  }

  /** Source: `struct erofs_dirent` in Linux' fs/erofs/erofs_fs.h, and fs/erofs/dir.c. */
  async #list(path: string, inode: Inode): Promise<[string, bigint][]> {
    const { bytesUsed, directoryBlockSize } = this.#volume.superBlock;
    if (inode.size > bytesUsed) throw this.#damaged(`the directory /${path} claims ${inode.size} bytes`);
    const found: [string, bigint][] = [];
    let rest: Buffer = Buffer.alloc(0);
    let done = 0;
    for await (const chunk of this.#data.stream(inode)) {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const length = Math.min(directoryBlockSize, inode.size - done);
        if (length === 0 || rest.length < length) break;
        found.push(...this.#entriesOfBlock(path, rest.subarray(0, length)));
        rest = rest.subarray(length);
        done += length;
      }
    }
    return found;
  }

  #entriesOfBlock(path: string, block: Buffer): [string, bigint][] {
    const namesAt = block.length < 12 ? 0 : block.readUInt16LE(8);
    if (namesAt === 0 || namesAt % 12 !== 0 || namesAt > block.length)
      throw this.#damaged(`the directory /${path} makes no sense`);
    const found: [string, bigint][] = [];
    for (let at = 0; at < namesAt; at += 12) {
      const start = block.readUInt16LE(at + 8);
      const isLast = at + 12 === namesAt;
      const end = isLast ? block.length : block.readUInt16LE(at + 20);
      if (start < namesAt || start >= end || end > block.length)
        throw this.#damaged(`the directory /${path} makes no sense`);
      const padded = block.subarray(start, end);
      const zero = isLast ? padded.indexOf(0) : -1;
      const name = decodeName(zero === -1 ? padded : padded.subarray(0, zero), this.#volume.image);
      if (name.includes('/')) throw this.#damaged(`the directory /${path} holds the name ${JSON.stringify(name)}`);
      if (name !== '.' && name !== '..') found.push([name, block.readBigUInt64LE(at)]);
    }
    return found;
  }

  #damaged(what: string): Error {
    return imageInvalid(this.#volume.image, `its erofs is damaged: ${what}`);
  }
}
