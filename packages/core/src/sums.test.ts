import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestInSums } from './sums.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);

test.each([
  ['two spaces', `${a}  file.tar.gz\n${b}  other\n`, a],
  ['binary star', `${a} *file.tar.gz\n`, a],
  ['upper case', `${a.toUpperCase()}  file.tar.gz\n`, a],
  ['dot slash', `${a}  ./file.tar.gz\n`, a],
  ['directory', `${a}  release/linux/file.tar.gz\n`, a],
  ['CRLF', `${a}  file.tar.gz\r\n`, a],
  ['BSD style', `SHA256 (file.tar.gz) = ${a}\n`, a],
  ['a digest and nothing else', `${a}\n`, a],
  ['the same digest twice', `${a}  file.tar.gz\n${a}  ./file.tar.gz\n`, a],
  ['a longer name is another file', `${a}  file.tar.gz.sig\n${b}  my-file.tar.gz\n`, undefined],
  ['two digests', `${a}  file.tar.gz\n${b}  x/file.tar.gz\n`, undefined],
  ['another length', `${a.slice(1)}  file.tar.gz\n`, undefined],
  ['a web page', '<html>no</html>', undefined],
  ['nothing', '', undefined],
])('%s', (_, text, expected) => expect(digestInSums(text, 'file.tar.gz')).toBe(expected));

test('any text gives a digest or nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, name) => {
      const found = digestInSums(text, name);
      expect(found === undefined || /^[0-9a-f]{64}$/.test(found)).toBe(true);
    }),
  );
});
