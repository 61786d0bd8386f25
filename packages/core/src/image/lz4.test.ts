import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decompressLz4 } from './lz4.ts';

const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

test.each([
  ['literals alone', bytes([0x50], 'hello'), 'hello'],
  ['a copy that overlaps itself', bytes([0x24], 'ab', [2, 0], [0x10], 'c'), 'ababababababc'.slice(2)],
  ['a copy of one byte', bytes([0x1f], 'x', [1, 0], [5], [0x10], 'y'), `${'x'.repeat(25)}y`],
  ['long literals', bytes([0xf0, 255, 3], 'z'.repeat(273)), 'z'.repeat(273)],
  ['a copy from further back', bytes([0x60], 'abcdef', [6, 0], [0x10], '!'), 'abcdefabcd!'],
])('decompresses %s', (_, block, text) => {
  expect(decompressLz4(block, text.length).toString()).toBe(text);
});

test('gives no more than is asked for', () => {
  expect(decompressLz4(bytes([0x50], 'hello'), 3).toString()).toBe('hel');
  expect(decompressLz4(bytes([0x1f], 'x', [1, 0], [5]), 4).toString()).toBe('xxxx');
});

test.each([
  ['ends early', bytes([0x50], 'hell')],
  ['ends early', bytes([])],
  ['ends early', bytes([0x10], 'x', [1])],
  ['ends early', bytes([0xf0, 255])],
  ['before its beginning', bytes([0x10], 'x', [2, 0])],
  ['before its beginning', bytes([0x10], 'x', [0, 0])],
])('refuses a block that %s', (problem, block) => {
  expect(() => decompressLz4(block, 100)).toThrow(problem);
});

test('gives exactly that many bytes or throws, whatever the block', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (block, length) => {
      try {
        expect(decompressLz4(block, length)).toHaveLength(length);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});
