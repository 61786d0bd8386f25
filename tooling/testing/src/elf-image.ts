/** What to put into an ELF file made for a test. */
export interface ElfImage {
  readonly bits?: 32 | 64;
  readonly order?: 'little' | 'big';
  /** `e_type`: 2 executable, 3 shared. */
  readonly type?: number;
  readonly machine?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly versions?: Readonly<Record<string, readonly string[]>>;
  /** Entries of the dynamic segment that are free, as linkers leave some. */
  readonly spare?: number;
  /** An empty note, with its program header. */
  readonly note?: boolean;
  /** Bytes appended to the loaded segment. */
  readonly padding?: number;
}

const base = 0x400000;

/**
 * An ELF file with program headers and no sections: one loaded segment that covers the file, and,
 * as asked for, an interpreter and a dynamic segment. Nothing in it can run.
 */
export function elfImage(wanted: ElfImage = {}): Buffer {
  const bits = wanted.bits ?? 64;
  const little = wanted.order !== 'big';
  const word = bits / 8;
  const number = (size: number, value: number): Buffer => {
    const buffer = Buffer.alloc(size);
    buffer.writeUIntLE(value, 0, Math.min(size, 6));
    return little ? buffer : Buffer.from(buffer.toReversed());
  };
  const u16 = (value: number): Buffer => number(2, value);
  const u32 = (value: number): Buffer => number(4, value);
  const address = (value: number): Buffer => number(word, value);

  let strings = Buffer.from('\0');
  const string = (text: string): number => {
    const at = strings.length;
    strings = Buffer.concat([strings, Buffer.from(`${text}\0`)]);
    return at;
  };
  const tags: [tag: number, value: number][] = [
    ...(wanted.needed ?? []).map((name): [number, number] => [1, string(name)]),
    ...(wanted.soname === undefined ? [] : [[14, string(wanted.soname)] as [number, number]]),
    ...(wanted.rpath === undefined ? [] : [[15, string(wanted.rpath)] as [number, number]]),
    ...(wanted.runpath === undefined ? [] : [[29, string(wanted.runpath)] as [number, number]]),
  ];
  const libraries = Object.entries(wanted.versions ?? {});
  const versions = Buffer.concat(
    libraries.map(([library, names], index) =>
      Buffer.concat([
        u16(1), u16(names.length), u32(string(library)), u32(16),
        u32(index === libraries.length - 1 ? 0 : 16 + 16 * names.length),
        ...names.map((name, at) =>
          Buffer.concat([u32(0), u16(0), u16(0), u32(string(name)), u32(at === names.length - 1 ? 0 : 16)]),
        ),
      ]),
    ),
  ); // prettier-ignore

  const free = Array.from({ length: wanted.spare ?? 0 }, () => [0, 0]);
  const isDynamic = tags.length + libraries.length > 0;
  const headers = 1 + (wanted.interpreter === undefined ? 0 : 1) + (isDynamic ? 1 : 0) + (wanted.note ? 1 : 0);
  const headerSize = bits === 64 ? 64 : 52;
  const programHeaderSize = bits === 64 ? 56 : 32;
  const interpreterAt = headerSize + headers * programHeaderSize;
  const interpreter = wanted.interpreter === undefined ? Buffer.alloc(0) : Buffer.from(`${wanted.interpreter}\0`);
  const stringsAt = interpreterAt + interpreter.length;
  const versionsAt = stringsAt + strings.length;
  const dynamicAt = versionsAt + versions.length;
  if (isDynamic) tags.push([5, base + stringsAt], [10, strings.length]);
  if (libraries.length > 0) tags.push([0x6ffffffe, base + versionsAt], [0x6fffffff, libraries.length]);
  const dynamic = isDynamic
    ? Buffer.concat([...tags, [0, 0], ...free].flat().map((value) => address(value)))
    : Buffer.alloc(0);
  const end = dynamicAt + dynamic.length + (wanted.padding ?? 0);

  const programHeader = (type: number, offset: number, size: number): Buffer => {
    const [at, where, length] = [address(offset), address(base + offset), address(size)];
    return bits === 64
      ? Buffer.concat([u32(type), u32(4), at, where, where, length, length, address(1)])
      : Buffer.concat([u32(type), at, where, where, length, length, u32(4), u32(1)]);
  };
  return Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, little ? 1 : 2, 1, 0, ...Array.from({ length: 8 }, () => 0)]),
    u16(wanted.type ?? 2), u16(wanted.machine ?? 62), u32(1), address(base), address(headerSize), address(0), u32(0),
    u16(headerSize), u16(programHeaderSize), u16(headers), u16(0), u16(0), u16(0),
    programHeader(1, 0, end),
    ...(wanted.interpreter === undefined ? [] : [programHeader(3, interpreterAt, interpreter.length)]),
    ...(isDynamic ? [programHeader(2, dynamicAt, dynamic.length)] : []),
    ...(wanted.note ? [programHeader(4, dynamicAt, 0)] : []),
    interpreter, strings, versions, dynamic,
    Buffer.alloc(wanted.padding ?? 0),
  ]); // prettier-ignore
}
