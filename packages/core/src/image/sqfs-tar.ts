import { imageInvalid } from './image-invalid.ts';

/** One entry of the tar that sqfs2tar writes. */
export interface TarEntry {
  /** As in the archive: `./usr/bin/`. */
  readonly name: Buffer;
  /** Type flag of POSIX ustar: `0` file, `1` hard link, `2` symlink, `3` and `4` devices, `5` directory, `6` fifo. */
  readonly type: string;
  readonly linkTarget: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content. */
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  /** Names of extended attributes. */
  readonly xattrs: readonly Buffer[];
}

/** The tar stops in the middle: the program that writes it has failed, and knows why. */
export class CutShort extends Error {}

/** Extended attributes of one file, and names, are held in memory; Linux allows far less than this. */
const maxMetadata = 16 * 1024 * 1024;

/**
 * Reads the tar that `sqfs2tar` writes: old GNU headers, `L` and `K` records for long names, and
 * pax records of which `SCHILY.xattr.` is the only kind (squashfs-tools-ng, lib/tar/write_header.c).
 *
 * General tar readers cut pax records at newlines, so that the *value* of an extended attribute
 * can pose as a path or a mode, and pass over large ones; a hostile image could hide what it
 * holds. Here records are cut by their lengths alone, and an unknown one is an error.
 *
 * @param visit reads `content` to its end, or not at all.
 * @throws SysextError `IMAGE_INVALID`; {@link CutShort}.
 */
export async function readSqfsTar(
  source: AsyncIterable<Buffer>,
  image: string,
  visit: (entry: TarEntry, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const reader = new ByteReader(source);
  const metadata = async (size: number): Promise<Buffer> => {
    if (size > maxMetadata) throw imageInvalid(image, `a file carries ${size} bytes of names or extended attributes`);
    return await reader.take(size);
  };
  let longName: Buffer | undefined;
  let longTarget: Buffer | undefined;
  let xattrs: Buffer[] = [];
  for (;;) {
    const header = await reader.take(512);
    if (header.every((byte) => byte === 0)) break;
    if (header.toString('latin1', 257, 262) !== 'ustar')
      throw imageInvalid(image, 'sqfs2tar wrote something that is no tar');
    const type = header.toString('latin1', 156, 157);
    const size = numberAt(header, 124, 12);
    if (type === 'L') longName = await metadata(size);
    else if (type === 'K') longTarget = await metadata(size);
    else if (type === 'x') xattrs = xattrNames(await metadata(size), image);
    else {
      const entry: TarEntry = {
        type,
        size,
        xattrs,
        name: longName ?? textAt(header, 0, 100),
        linkTarget: longTarget ?? textAt(header, 157, 100),
        mode: numberAt(header, 100, 8),
        uid: numberAt(header, 108, 8),
        gid: numberAt(header, 116, 8),
        major: numberAt(header, 329, 8),
        minor: numberAt(header, 337, 8),
      };
      longName = longTarget = undefined;
      xattrs = [];
      const end = reader.position + size;
      await visit(entry, reader.stream(size));
      await reader.skip(end - reader.position);
    }
    await reader.skip((512 - (reader.position % 512)) % 512);
  }
  await reader.drain();
}

function textAt(header: Buffer, offset: number, length: number): Buffer {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end));
}

/** Octal digits, or, where those do not suffice, a big-endian number with the top bit set. */
function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (field[0]! < 0x80) return Number.parseInt(field.toString('latin1'), 8) || 0;
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f);
}

const xattrPrefix = 'SCHILY.xattr.';

/** The keys of pax records `LENGTH SCHILY.xattr.KEY=VALUE\n`. */
function xattrNames(records: Buffer, image: string): Buffer[] {
  const names: Buffer[] = [];
  for (let at = 0; at < records.length;) {
    const space = records.indexOf(0x20, at);
    const length = Number(records.toString('latin1', at, space));
    const equals = records.indexOf(0x3d, space);
    const end = at + length;
    const isXattr = records.toString('latin1', space + 1, space + 1 + xattrPrefix.length) === xattrPrefix;
    if (!(length > 0) || end > records.length || equals === -1 || equals >= end || !isXattr) {
      throw imageInvalid(image, 'sqfs2tar wrote an extended header of an unknown kind');
    }
    names.push(records.subarray(space + 1 + xattrPrefix.length, equals));
    at = end;
  }
  return names;
}

/** Takes exact numbers of bytes out of a stream. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes taken so far. */
  position = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next `size` bytes as one buffer. */
  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(size)) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The next `size` bytes as they come. */
  async *stream(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0;) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) throw new CutShort('sqfs2tar ended early');
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      this.position += part.length;
      left -= part.length;
      yield part;
    }
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.stream(size));
  }

  /** Reads to the end of the stream. */
  async drain(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
  }
}
