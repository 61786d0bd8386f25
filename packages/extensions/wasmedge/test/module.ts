type Part = number | readonly number[];

/** Bytes after their number, as LEB128 writes it in one byte. */
function sized(...parts: readonly Part[]): number[] {
  const bytes = parts.flat();
  if (bytes.length > 127) throw new Error(`${bytes.length} bytes: one byte cannot say so`);
  return [bytes.length, ...bytes];
}

const section = (id: number, ...parts: readonly Part[]): number[] => [id, ...sized(...parts)];
const text = (value: string): number[] => [...Buffer.from(value)];
const name = (value: string): number[] => sized(text(value));

const i32 = 0x7f;
const end = 0x0b;
const types = [
  [0x60, 4, i32, i32, i32, i32, 1, i32],
  [0x60, 0, 0],
  [0x60, 1, i32, 1, i32],
].flat();
/** `fd_write(1, 0, 1, 20)`: prints what the one vector at 0 points to. */
const start = [0x41, 1, 0x41, 0, 0x41, 1, 0x41, 20, 0x10, 0, 0x1a];
/** `n < 2 ? n : fib(n - 1) + fib(n - 2)` */
const fib = [
  [0x20, 0, 0x41, 2, 0x48],
  [0x04, i32, 0x20, 0, 0x05],
  [0x20, 0, 0x41, 1, 0x6b, 0x10, 2, 0x20, 0, 0x41, 2, 0x6b, 0x10, 2, 0x6a, end],
].flat();
const vector = [8, 0, 0, 0, 6, 0, 0, 0];

/**
 * A module in the binary format of WebAssembly's core specification: as a command of WASI preview 1 it prints `hello`,
 * and it exports `fib`.
 */
export const module = Uint8Array.from(
  [
    [...text('\0asm'), 1, 0, 0, 0],
    section(1, 3, types),
    section(2, 1, name('wasi_snapshot_preview1'), name('fd_write'), 0, 0),
    section(3, 2, 1, 2),
    section(5, 1, 0, 1),
    section(7, 3, name('memory'), 2, 0, name('_start'), 0, 1, name('fib'), 0, 2),
    section(10, 2, sized(0, start, end), sized(0, fib, end)),
    section(11, 1, 0, 0x41, 0, end, sized(vector, text('hello\n'))),
  ].flat(),
);
