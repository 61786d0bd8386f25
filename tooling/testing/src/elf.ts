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
  const base = 0x400000n;
  const start = 64 + 56;
  const size = BigInt(start + code.length);
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
  return Buffer.concat([header, Buffer.from(code), Buffer.from(note)]);
}
