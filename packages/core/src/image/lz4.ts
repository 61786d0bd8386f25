/**
 * Decompresses one LZ4 block.
 *
 * Bytes beyond `length` are not asked for: a block may hold more than a file uses of it.
 *
 * Source: lz4_Block_format.md in the LZ4 project.
 *
 * @param length bytes the block must give.
 * @throws RangeError for a block that gives fewer, or refers to bytes before its beginning.
 */
export function decompressLz4(input: Uint8Array, length: number): Buffer {
  const output = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  const lengthAt = (nibble: number): number => {
    let sum = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        if (from >= input.length) throw new RangeError('an LZ4 block ends early');
        byte = input[from++]!;
        sum += byte;
      } while (byte === 255);
    }
    return sum;
  };
  while (to < length) {
    if (from >= input.length) throw new RangeError('an LZ4 block ends early');
    const token = input[from++]!;
    const literals = Math.min(lengthAt(token >> 4), length - to);
    if (from + literals > input.length) throw new RangeError('an LZ4 block ends early');
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (to === length) break;
    if (from + 2 > input.length) throw new RangeError('an LZ4 block ends early');
    const distance = input[from]! | (input[from + 1]! << 8);
    from += 2;
    if (distance === 0 || distance > to) throw new RangeError('an LZ4 block refers to bytes before its beginning');
    const end = Math.min(to + 4 + lengthAt(token & 15), length);
    if (end - to <= distance) {
      output.copyWithin(to, to - distance, to - distance + (end - to));
      to = end;
    } else while (to < end) output[to] = output[to++ - distance]!;
  }
  return output;
}
