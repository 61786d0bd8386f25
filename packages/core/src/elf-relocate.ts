/** Where a program is to find its loader and its libraries. */
export interface Relocation {
  /** Absolute path of the loader; only for what has one. */
  readonly interpreter: string | undefined;
  /** Directory with the libraries of the program, and of all that they need. */
  readonly libraries: string;
}

const segment = { load: 1, dynamic: 2, interpreter: 3, note: 4, property: 0x6474e553 } as const;
const tag = { null: 0, strings: 5, stringsSize: 10, rpath: 15, runpath: 29 } as const;
const readable = 4;

/** The kernel's own limit for program headers (`fs/binfmt_elf.c`). */
const maxProgramHeaders = 65_536 / 56;

/**
 * A 64-bit little-endian ELF file with another loader and another library path: the same bytes with one segment more
 * at the end, which holds the path of the loader and the strings of the dynamic section.
 *
 * The path is a DT_RPATH: unlike a DT_RUNPATH it also counts for what the libraries need, and for what they open while
 * the program runs, so that they stay as they are; and unlike both, `LD_LIBRARY_PATH` comes after it (ld.so(8)).
 * The program header for the segment is one of a note, which nothing needs to run; the entry of the dynamic section is
 * one of those that linkers leave free. The result depends on the file and the two paths alone, and no tool takes part.
 *
 * @throws Error that says what is wrong with the file, or what there is no room for.
 */
export function relocateElf(file: Uint8Array, { interpreter, libraries }: Relocation): Buffer {
  const bytes = Buffer.from(file);
  if (bytes.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('it is no 64-bit little-endian ELF file');
  const number = (at: number): number => {
    const value = Number(inside(bytes, at, 8).readBigUInt64LE(at));
    if (!Number.isSafeInteger(value)) throw new Error(`the number at byte ${at} is too large`);
    return value;
  };
  const headers = programHeaders(bytes, number);
  const dynamic = dynamicSection(bytes, number, headers);
  const loads = headers.filter(({ type }) => type === segment.load);
  const last = loads.at(-1);
  if (last === undefined) throw new Error('it has no segment that is loaded');

  const strings = tableOf(bytes, loads, dynamic);
  const path = Buffer.from(`${libraries}\0`);
  const loader = Buffer.from(interpreter === undefined ? '' : `${interpreter}\0`);
  const added = Buffer.concat([loader, strings, path]);

  const alignment = Math.max(...loads.map(({ align }) => align), 4096);
  if (!Number.isInteger(Math.log2(alignment)) || alignment > 2 ** 21) throw new Error(`segments align at ${alignment}`);
  const offset = roundUp(bytes.length, 16);
  const end = Math.max(...loads.map(({ address, memorySize }) => address + memorySize));
  const address = roundUp(end, alignment) + (offset % alignment);

  const spare = spareHeader(headers);
  const moved = headers.filter((header) => header !== spare).map((header) => header.bytes);
  const afterLast = headers.filter((header) => header !== spare).indexOf(last) + 1;
  moved.splice(afterLast, 0, loadHeader({ offset, address, size: added.length, alignment }));
  if (interpreter !== undefined) {
    const old = moved.find((header) => header.readUInt32LE(0) === segment.interpreter);
    if (old === undefined) throw new Error('it asks for no loader');
    for (const [at, value] of [[8, offset], [16, address], [24, address], [32, loader.length], [40, loader.length]] as const)
      old.writeBigUInt64LE(BigInt(value), at); // prettier-ignore
  }
  Buffer.concat(moved).copy(bytes, number(32));

  const set = (index: number, key: number, value: number): void => {
    const at = dynamic.offset + 16 * index;
    bytes.writeBigUInt64LE(BigInt(key), at);
    bytes.writeBigUInt64LE(BigInt(value), at + 8);
  };
  const stringsAt = address + loader.length;
  set(dynamic.indexOf(tag.strings), tag.strings, stringsAt);
  set(dynamic.indexOf(tag.stringsSize), tag.stringsSize, strings.length + path.length);
  for (const index of dynamic.pathEntries()) set(index, tag.rpath, strings.length);
  return Buffer.concat([bytes, Buffer.alloc(offset - bytes.length), added]);
}

interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
  readonly bytes: Buffer<ArrayBuffer>;
}

function programHeaders(bytes: Buffer, number: (at: number) => number): ProgramHeader[] {
  const start = number(32);
  const count = inside(bytes, 54, 4).readUInt16LE(56);
  if (bytes.readUInt16LE(54) !== 56 || count === 0 || count > maxProgramHeaders)
    throw new Error('its header is damaged');
  inside(bytes, start, count * 56);
  return Array.from({ length: count }, (_, index) => {
    const at = start + 56 * index;
    return {
      type: bytes.readUInt32LE(at),
      offset: number(at + 8),
      address: number(at + 16),
      fileSize: number(at + 32),
      memorySize: number(at + 40),
      align: number(at + 48),
      bytes: Buffer.from(bytes.subarray(at, at + 56)),
    };
  });
}

interface DynamicSection {
  /** In the file. */
  readonly offset: number;
  value(key: number): number;
  indexOf(key: number): number;
  /** Entries for the library path: the ones that are there, or a free one. */
  pathEntries(): number[];
}

function dynamicSection(
  bytes: Buffer,
  number: (at: number) => number,
  headers: readonly ProgramHeader[],
): DynamicSection {
  const header = headers.find(({ type }) => type === segment.dynamic);
  if (header === undefined) throw new Error('it is not linked dynamically');
  inside(bytes, header.offset, header.fileSize);
  const keys = Array.from({ length: Math.floor(header.fileSize / 16) }, (_, index) => {
    const at = header.offset + 16 * index;
    // Keys of processors and systems are beyond 2^31, and none of them matters here.
    return bytes.readUInt32LE(at + 4) === 0 ? bytes.readUInt32LE(at) : -1;
  });
  const end = keys.indexOf(tag.null);
  const used = end < 0 ? keys : keys.slice(0, end);
  const indexOf = (key: number): number => {
    const index = used.indexOf(key);
    if (index < 0) throw new Error(`its dynamic section has no entry ${key}`);
    return index;
  };
  return {
    offset: header.offset,
    indexOf,
    value: (key) => number(header.offset + 16 * indexOf(key) + 8),
    pathEntries() {
      const present = used.flatMap((key, index) => (key === tag.rpath || key === tag.runpath ? [index] : []));
      if (present.length > 0) return present;
      // The entry after it has to stay what ends the section.
      if (end < 0 || keys[end + 1] !== tag.null) throw new Error('its dynamic section has no free entry');
      return [end];
    },
  };
}

/** The string table that the loader uses. */
function tableOf(bytes: Buffer, loads: readonly ProgramHeader[], dynamic: DynamicSection): Buffer {
  const address = dynamic.value(tag.strings);
  const home = loads.find((load) => address >= load.address && address < load.address + load.fileSize);
  if (home === undefined) throw new Error('its strings are in no segment');
  const start = home.offset + (address - home.address);
  const size = dynamic.value(tag.stringsSize);
  return inside(bytes, start, size).subarray(start, start + size);
}

/** A note that nothing needs to run: one that another header describes too, else the last. */
function spareHeader(headers: readonly ProgramHeader[]): ProgramHeader {
  const notes = headers.filter(({ type }) => type === segment.note);
  const described = headers.find(({ type }) => type === segment.property)?.offset;
  const spare = notes.find(({ offset }) => offset === described) ?? notes.at(-1);
  if (spare === undefined) throw new Error('it has no program header to spare');
  return spare;
}

function loadHeader(at: { offset: number; address: number; size: number; alignment: number }): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(segment.load, 0);
  header.writeUInt32LE(readable, 4);
  for (const [index, value] of [at.offset, at.address, at.address, at.size, at.size, at.alignment].entries())
    header.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
  return header;
}

function inside(bytes: Buffer, at: number, length: number): Buffer {
  if (!(at >= 0 && length >= 0 && at + length <= bytes.length)) throw new Error(`it ends before byte ${at + length}`);
  return bytes;
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
