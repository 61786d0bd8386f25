/** Machine code of `exit(0)`, and e_machine, by systemd's name of the architecture. */
const programs = {
  // mov $60,%eax; xor %edi,%edi; syscall
  'x86-64': { machine: 62, code: [0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05] },
  // mov x8,#93; mov x0,#0; svc #0
  arm64: { machine: 183, code: [0xa8, 0x0b, 0x80, 0xd2, 0, 0, 0x80, 0xd2, 0x01, 0, 0, 0xd4] },
} as const;

/**
 * A real, statically linked ELF program that exits with status 0.
 *
 * @param note bytes appended to it, to tell programs apart or to make them larger.
 */
export function tinyElf(arch: keyof typeof programs, note: string | Uint8Array = ''): Buffer {
  const { machine, code } = programs[arch];
  return staticElf(machine, code, note);
}

/** A program that writes a text of at most 4096 bytes to its standard output, and exits or stays. */
export function sayingElf(arch: keyof typeof programs, text: string, then: 'exit' | 'stay'): Buffer {
  const length = Buffer.byteLength(text);
  const { machine, code } = programs[arch];
  const end = then === 'exit' ? code : staying[arch];
  return staticElf(machine, [...saying[arch](length, end.length), ...end], text);
}

/** Little-endian bytes of 32-bit words. */
const words = (...values: readonly number[]): number[] =>
  values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]);

/** Machine code of `write(1, text, length)`, for a text that follows after `gap` more bytes of code. */
const saying = {
  'x86-64': (length: number, gap: number) => {
    const code = [0xb8, 1, 0, 0, 0]; // mov $1,%eax
    code.push(0xbf, 1, 0, 0, 0); // mov $1,%edi
    code.push(0x48, 0x8d, 0x35, ...words(gap + 7)); // lea text(%rip),%rsi
    code.push(0xba, ...words(length)); // mov $length,%edx
    code.push(0x0f, 0x05); // syscall
    return code;
  },
  arm64: (length: number, gap: number) => {
    const distance = gap + 12;
    return words(
      0xd2800808, // mov x8,#64
      0xd2800020, // mov x0,#1
      0x10000001 | ((distance & 3) << 29) | ((distance >> 2) << 5), // adr x1,text
      0xd2800002 | (length << 5), // mov x2,#length
      0xd4000001, // svc #0
    );
  },
} as const;

/** Machine code that waits for a signal, forever. */
const staying = {
  // mov $34,%eax; syscall (pause); jmp
  'x86-64': [0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7],
  // mov x8,#73; mov x0..x3,#0; svc #0 (ppoll); b
  arm64: words(0xd2800928, 0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd4000001, 0x17fffffa),
} as const;

function staticElf(machine: number, code: readonly number[], note: string | Uint8Array): Buffer {
  const base = 0x400000n;
  const start = 64 + 56;
  const bytes = Buffer.from(note);
  const size = BigInt(start + code.length + bytes.length);
  const header = Buffer.alloc(start);
  header.write('\x7fELF', 'latin1');
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(start), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // readable, executable
  header.writeBigUInt64LE(base, 80);
  header.writeBigUInt64LE(base, 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, Buffer.from(code), bytes]);
}
