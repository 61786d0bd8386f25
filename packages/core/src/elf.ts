import { type Content, readRange } from './tree.ts';

/** What the kernel or the loader does with a file; `other` covers processor-specific types. */
type ElfType = 'relocatable' | 'executable' | 'shared' | 'core' | 'other';

/**
 * What a loader has to find before a program runs.
 *
 * Source: System V ABI (gABI), chapters 4 and 5; symbol versions as in the Linux Standard Base,
 * core part, "Symbol Versioning". Only program headers are read: section headers may be stripped.
 */
export interface Elf {
  readonly bits: 32 | 64;
  /** `e_machine`. */
  readonly machine: number;
  readonly type: ElfType;
  /** The program that loads this one (PT_INTERP); static programs and most libraries have none. */
  readonly interpreter: string | undefined;
  /** Libraries by name (DT_NEEDED), in the order the loader looks for them. */
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** DT_RPATH: searched for this file and for everything it loads, unless DT_RUNPATH is there. */
  readonly rpath: readonly string[];
  /** DT_RUNPATH: searched for this file's own libraries alone. */
  readonly runpath: readonly string[];
  /** Library → symbol versions it must define (`GLIBC_2.34`); weak references are left out. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

/** A file that begins like an ELF file and that neither kernel nor loader would accept. */
export interface DamagedElf {
  readonly damage: string;
}

/** True when nothing has to be found at run time, static-pie programs included. */
export function isStatic(elf: Elf): boolean {
  return elf.interpreter === undefined && elf.needed.length === 0;
}

/** The first bytes of every ELF file. */
export const elfMagic = Buffer.from('\x7fELF', 'latin1');

/**
 * Reads the facts of an ELF file, 32 or 64 bits, of either byte order; `undefined` when the magic
 * number is missing.
 *
 * Reads a few pages, however large the file. Hostile offsets and counts end in {@link DamagedElf},
 * not in large allocations or long loops; only a failing file system throws.
 */
export async function parseElf(content: Content): Promise<Elf | DamagedElf | undefined> {
  const ident = await readRange(content, 0, 64);
  if (!ident.subarray(0, 4).equals(elfMagic)) return undefined;
  try {
    return await new ElfReader(content, ident).read();
  } catch (error) {
    if (error instanceof Damage) return { damage: error.message };
    throw error;
  }
}

class Damage extends Error {}

/** The kernel's own limit for program headers (`fs/binfmt_elf.c`). */
const maxProgramHeaderBytes = 65_536;
const maxDynamicEntries = 4096;
const maxVersions = 4096;
const pathMax = 4096;

const types: readonly ElfType[] = ['other', 'relocatable', 'executable', 'shared', 'core'];
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = {
  null: 0, needed: 1, strings: 5, stringsSize: 10, soname: 14, rpath: 15, runpath: 29,
  versions: 0x6ffffffe, versionsCount: 0x6fffffff,
} as const; // prettier-ignore
const weakVersion = 2;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

class ElfReader {
  readonly #pages: Pages;
  readonly #header: Buffer;
  readonly #bits: 32 | 64;
  readonly #little: boolean;

  constructor(content: Content, header: Buffer) {
    this.#pages = new Pages(content);
    this.#header = header;
    const [kind, order] = [header[4], header[5]];
    if (kind !== 1 && kind !== 2) throw new Damage(`class ${kind} is neither 32 nor 64 bits`);
    if (order !== 1 && order !== 2) throw new Damage(`byte order ${order} is neither little nor big`);
    this.#bits = kind === 1 ? 32 : 64;
    this.#little = order === 1;
    if (header.length < (this.#bits === 64 ? 64 : 52)) throw new Damage('the file ends within its header');
  }

  async read(): Promise<Elf> {
    const type = types[this.#u16(this.#header, 16)] ?? 'other';
    const machine = this.#u16(this.#header, 18);
    const base = { bits: this.#bits, machine, type } as const;
    const empty = {
      interpreter: undefined,
      needed: [],
      soname: undefined,
      rpath: [],
      runpath: [],
      versions: new Map(),
    };
    if (type !== 'executable' && type !== 'shared') return { ...base, ...empty };

    const segments = await this.#segments();
    const interpreter = await this.#interpreter(segments);
    const dynamic = segments.find(({ type: kind, fileSize }) => kind === segment.dynamic && fileSize > 0);
    if (dynamic === undefined) return { ...base, ...empty, interpreter };
    return { ...base, interpreter, ...(await this.#dynamic(dynamic, segments)) };
  }

  async #segments(): Promise<Segment[]> {
    const wide = this.#bits === 64;
    const offset = wide ? this.#u64(this.#header, 32) : this.#u32(this.#header, 28);
    const entrySize = this.#u16(this.#header, wide ? 54 : 42);
    const count = this.#u16(this.#header, wide ? 56 : 44);
    if (entrySize !== (wide ? 56 : 32)) throw new Damage(`program headers of ${entrySize} bytes`);
    if (count === 0 || count * entrySize > maxProgramHeaderBytes) throw new Damage(`${count} program headers`);

    const table = await this.#pages.read(offset, count * entrySize);
    return Array.from({ length: count }, (_, index) => {
      const at = table.subarray(index * entrySize);
      const found = wide
        ? { type: this.#u32(at, 0), offset: this.#u64(at, 8), address: this.#u64(at, 16), fileSize: this.#u64(at, 32) }
        : { type: this.#u32(at, 0), offset: this.#u32(at, 4), address: this.#u32(at, 8), fileSize: this.#u32(at, 16) };
      if (found.type === segment.load && found.fileSize > 0 && found.offset + found.fileSize > this.#pages.size) {
        throw new Damage(`truncated: a segment ends at byte ${found.offset + found.fileSize} of ${this.#pages.size}`);
      }
      return found;
    });
  }

  async #interpreter(segments: readonly Segment[]): Promise<string | undefined> {
    const found = segments.find(({ type, fileSize }) => type === segment.interpreter && fileSize > 0);
    if (found === undefined) return undefined;
    if (found.fileSize > pathMax) throw new Damage(`an interpreter path of ${found.fileSize} bytes`);
    return this.#pages.text(found.offset, found.offset + found.fileSize);
  }

  async #dynamic(
    dynamic: Segment,
    segments: readonly Segment[],
  ): Promise<Omit<Elf, 'bits' | 'machine' | 'type' | 'interpreter'>> {
    const width = this.#bits / 8;
    const entries = Math.floor(dynamic.fileSize / (2 * width));
    if (entries > maxDynamicEntries) throw new Damage(`${entries} dynamic entries`);
    const table = await this.#pages.read(dynamic.offset, entries * 2 * width);
    const neededAt: number[] = [];
    const values = new Map<number, number>();
    for (let at = 0; at < table.length; at += 2 * width) {
      const key = this.#word(table, at);
      if (key === tag.null) break;
      if (key === tag.needed) neededAt.push(this.#word(table, at + width));
      else values.set(key, this.#word(table, at + width));
    }

    const string = async (offset: number): Promise<string> => {
      const strings = values.get(tag.strings);
      if (strings === undefined) throw new Damage('names without a string table');
      const start = this.#fileOffset(strings, segments);
      return this.#pages.text(start + offset, start + (values.get(tag.stringsSize) ?? 0));
    };
    const stringOf = async (key: number): Promise<string | undefined> => {
      const offset = values.get(key);
      return offset === undefined ? undefined : string(offset);
    };
    const needed: string[] = [];
    for (const offset of neededAt) needed.push(await string(offset));
    const versionsAt = values.get(tag.versions);
    return {
      needed,
      soname: await stringOf(tag.soname),
      rpath: searchPath(await stringOf(tag.rpath)),
      runpath: searchPath(await stringOf(tag.runpath)),
      versions:
        versionsAt === undefined
          ? new Map()
          : await this.#versions(this.#fileOffset(versionsAt, segments), values.get(tag.versionsCount) ?? 0, string),
    };
  }

  /** `.gnu.version_r`: a chain of libraries, each with a chain of versions. */
  async #versions(
    start: number,
    libraries: number,
    string: (offset: number) => Promise<string>,
  ): Promise<Map<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    let entries = 0;
    const count = (): void => {
      if (++entries > maxVersions) throw new Damage(`more than ${maxVersions} symbol versions`);
    };
    for (let at = start, library = 0; library < libraries; library++) {
      count();
      const entry = await this.#pages.read(at, 16);
      const versions: string[] = [];
      for (let auxiliary = at + this.#u32(entry, 8), index = 0; index < this.#u16(entry, 2); index++) {
        count();
        const version = await this.#pages.read(auxiliary, 16);
        if ((this.#u16(version, 4) & weakVersion) === 0) versions.push(await string(this.#u32(version, 8)));
        if (this.#u32(version, 12) === 0) break;
        auxiliary += this.#u32(version, 12);
      }
      const name = await string(this.#u32(entry, 4));
      found.set(name, [...(found.get(name) ?? []), ...versions]);
      if (this.#u32(entry, 12) === 0) break;
      at += this.#u32(entry, 12);
    }
    return found;
  }

  /** Where in the file the byte is that will be loaded at `address`. */
  #fileOffset(address: number, segments: readonly Segment[]): number {
    const home = segments.find(
      (candidate) =>
        candidate.type === segment.load &&
        address >= candidate.address &&
        address < candidate.address + candidate.fileSize,
    );
    if (home === undefined) throw new Damage(`address 0x${address.toString(16)} is in no segment`);
    return home.offset + (address - home.address);
  }

  #u16(buffer: Buffer, at: number): number {
    return this.#little ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
  }

  #u32(buffer: Buffer, at: number): number {
    return this.#little ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);
  }

  /** Exact up to 2^53; no file or address of a real program is beyond. */
  #u64(buffer: Buffer, at: number): number {
    return Number(this.#little ? buffer.readBigUInt64LE(at) : buffer.readBigUInt64BE(at));
  }

  #word(buffer: Buffer, at: number): number {
    return this.#bits === 64 ? this.#u64(buffer, at) : this.#u32(buffer, at);
  }
}

function searchPath(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(':').filter((directory) => directory !== '');
}

const pageSize = 4096;

/** Random access to a file, a page at a time, each page read once. */
class Pages {
  readonly size: number;
  readonly #content: Content;
  readonly #pages = new Map<number, Buffer>();

  constructor(content: Content) {
    this.#content = content;
    this.size = content.size;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (!(offset >= 0 && offset + length <= this.size)) {
      throw new Damage(`truncated: bytes ${offset} to ${offset + length} of ${this.size}`);
    }
    const first = Math.floor(offset / pageSize);
    const pages: Buffer[] = [];
    for (let page = first; page * pageSize < offset + length; page++) pages.push(await this.#page(page));
    return Buffer.concat(pages).subarray(offset - first * pageSize, offset - first * pageSize + length);
  }

  /** The text up to a zero byte, which has to come before `end`. */
  async text(offset: number, end: number): Promise<string> {
    const bytes = await this.read(offset, Math.max(0, Math.min(end - offset, pathMax, this.size - offset)));
    const zero = bytes.indexOf(0);
    if (zero < 0) throw new Damage(`the text at byte ${offset} has no end`);
    return bytes.toString('utf8', 0, zero);
  }

  async #page(index: number): Promise<Buffer> {
    const present = this.#pages.get(index);
    if (present !== undefined) return present;
    const page = await readRange(this.#content, index * pageSize, pageSize);
    if (page.length < Math.min(pageSize, this.size - index * pageSize))
      throw new Damage('the file is shorter than it was');
    this.#pages.set(index, page);
    return page;
  }
}
