import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Paragraph, packageNames, paragraphsOf, parseParagraph, upstreamVersion } from './control.ts';

async function paragraphs(...chunks: string[]): Promise<Paragraph[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: Paragraph[] = [];
  for await (const paragraph of paragraphsOf(bytes())) found.push(paragraph);
  return found;
}

describe('control files', () => {
  test('have fields, over one line or several', () => {
    const fields = parseParagraph('Package: demo\nno field\nSHA256:\n a 1 x\n b 2 y\nPackage: other\n');
    expect([...fields]).toEqual([
      ['package', 'demo'],
      ['sha256', '\na 1 x\nb 2 y'],
    ]);
  });

  test('are cut into paragraphs, however they come', async () => {
    const text = 'Package: a\nVersion: 1\n\n\nPackage: b\nDescription: ü\n';
    const whole = (await paragraphs(text)).map((each) => [...each]);
    expect(whole).toHaveLength(2);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(text.length), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const parts = await paragraphs(text.slice(0, from), text.slice(from, to), text.slice(to));
        expect(parts.map((each) => [...each])).toEqual(whole);
      }),
    );
  });

  test('that do not end are refused', async () => {
    await expect(paragraphs('x'.repeat(1024 ** 2), 'x')).rejects.toThrow('a paragraph is longer');
  });

  test('whatever the text, there is an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseParagraph(text);
        for (const name of packageNames(text)) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
      }),
    );
  });
});

test('names of what a package depends on', () => {
  expect(packageNames('libc6 (>= 2.38), a1 | b2 (<< 3) [amd64], python3:any, $x')).toEqual([
    'libc6',
    'a1',
    'b2',
    'python3',
  ]);
});

test.each([
  ['1:2.3.3-1', '2.3.3'],
  ['4.6.1-3+deb13u2', '4.6.1'],
  ['3.0.11+dfsg-1', '3.0.11'],
  ['2.2.7-1+b2', '2.2.7'],
  ['1.3.2-0.1', '1.3.2'],
  ['257.13', '257.13'],
])('%s is of upstream %s', (version, upstream) => {
  expect(upstreamVersion(version)).toBe(upstream);
});
