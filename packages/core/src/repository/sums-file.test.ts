import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { parseSums, renderSums } from './sums-file.ts';

const digest = 'a'.repeat(64);
const parse = (text: string): unknown => parseSums(Buffer.from(text, 'latin1'), 'SHA256SUMS');
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const file = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);
const lists = fc.uniqueArray(fc.record({ file, sha256: hex }), { selector: (sum) => sum.file });

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(lists, (sums) => {
      const text = renderSums(sums);
      expect(renderSums(parseSums(Buffer.from(text), 'x'))).toBe(text);
      expect(text.split('\n')).toHaveLength(sums.length + 1);
    }),
  );
});

test('whatever comes, it is a list or an error of ours; a list is the only text for what it says', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  fc.assert(
    fc.property(lists, fc.array(change, { maxLength: 3 }), (sums, changes) => {
      const bytes = Buffer.from(renderSums(sums));
      for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      try {
        expect(renderSums(parseSums(bytes, 'x'))).toBe(bytes.toString('latin1'));
      } catch (error) {
        expect(error).toBeInstanceOf(SysextError);
      }
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        parseSums(bytes, 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(SysextError);
      }
    }),
  );
});

describe('is refused, as hosts refuse it or worse:', () => {
  test.each([
    ['no final newline', `${digest} *a`],
    ['an empty line', `${digest} *a\n\n`],
    ['a comment', `# x\n${digest} *a\n`],
    ['CRLF', `${digest} *a\r\n`],
    ['text mode', `${digest}  a\n`],
    ['upper case', `${digest.toUpperCase()} *a\n`],
    ['a path', `${digest} *a/b\n`],
    ['./', `${digest} *./a\n`],
    ['BSD style', `SHA256 (a) = ${digest}\n`],
    ['a name twice', `${digest} *a\n${digest} *a\n`],
    ['another order', `${digest} *b\n${digest} *a\n`],
    ['a NUL', `${digest} *a\0\n`],
    ['a web page', '<!DOCTYPE html>\n<html></html>\n'],
  ])('%s', (_, text) => {
    expect(() => parse(text)).toThrow(SysextError);
  });
});
