import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { architectures } from './arch.ts';
import { parseExtensionRelease, releasePath, renderExtensionRelease } from './extension-release.ts';

const etcd = { name: 'etcd', version: 'v3.5.21', revision: 0, arch: 'x86-64', reloadManager: true } as const;

describe('renderExtensionRelease', () => {
  test('asks Flatcar for its level and a reload', () => {
    expect(renderExtensionRelease({ ...etcd, os: { id: 'flatcar', versionId: undefined } })).toBe(
      'ID=flatcar\nSYSEXT_LEVEL=1.0\nARCHITECTURE=x86-64\nEXTENSION_RELOAD_MANAGER=1\nSYSEXT_ID=etcd\nSYSEXT_VERSION_ID=v3.5.21\n',
    );
  });

  test('pins to a version without a level, which would win over it', () => {
    const text = renderExtensionRelease({
      ...etcd,
      reloadManager: false,
      os: { id: 'flatcar', versionId: '4593.2.5' },
    });
    expect(text).toBe(
      'ID=flatcar\nVERSION_ID=4593.2.5\nARCHITECTURE=x86-64\nSYSEXT_ID=etcd\nSYSEXT_VERSION_ID=v3.5.21\n',
    );
  });

  test('fits any OS without level and version', () => {
    const { fields } = parseExtensionRelease(
      renderExtensionRelease({ ...etcd, os: { id: '_any', versionId: undefined } }),
    );
    expect(fields).not.toHaveProperty('SYSEXT_LEVEL');
    expect(fields).not.toHaveProperty('VERSION_ID');
  });

  test('is named after the extension', () => {
    expect(releasePath('etcd')).toBe('usr/lib/extension-release.d/extension-release.etcd');
  });

  test('is read back as it was written', () => {
    const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,10}$/).filter((text) => !text.includes('..'));
    const facts = fc.record({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/),
      version,
      revision: fc.nat(20),
      arch: fc.constantFrom(...architectures),
      os: fc.record({
        id: fc.stringMatching(/^[a-z0-9._-]{1,10}$/),
        versionId: fc.option(version, { nil: undefined }),
      }),
      reloadManager: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (wanted) => {
        const { fields, ignored } = parseExtensionRelease(renderExtensionRelease(wanted));
        expect(ignored).toEqual([]);
        expect(fields).toMatchObject({ ID: wanted.os.id, ARCHITECTURE: wanted.arch, SYSEXT_ID: wanted.name });
        expect(fields['VERSION_ID']).toBe(wanted.os.versionId);
        expect(fields['EXTENSION_RELOAD_MANAGER']).toBe(wanted.reloadManager ? '1' : undefined);
      }),
    );
  });
});

describe('parseExtensionRelease', () => {
  test.each([
    ['ID=flatcar\r\nVERSION_ID=1\r\n', { ID: 'flatcar', VERSION_ID: '1' }],
    ['ID="flatcar"\nA=\'b "c" d\'\n', { ID: 'flatcar', A: 'b "c" d' }],
    ['ID=a\nID=b', { ID: 'b' }],
    ['# ID=a\n; ID=b\n  ID=c  \n', { ID: 'c' }],
    ['ID=\nA=', { ID: '', A: '' }],
    ['ID = flatcar', { ID: 'flatcar' }],
    ['A=b c\td \t', { A: 'b c\td' }],
    ['A=" b "  ', { A: ' b ' }],
    ['A="b"c', { A: 'bc' }],
    ['A="b" "c"', { A: 'bc' }],
    ['A=b"c"', { A: 'b"c"' }],
    ['A=b\\\nc\nB=d', { A: 'bc', B: 'd' }],
    ['A="b\\$\\`\\"\\\\\\x"', { A: 'b$`"\\\\x' }],
    ["A='b\\'", { A: 'b\\' }],
    ['A=b\\ ', { A: 'b ' }],
    ['A="two\nlines"\nB=c', { A: 'two\nlines', B: 'c' }],
    ['A="no end\nB=c\n', { A: 'no end\nB=c\n' }],
    ['A=b\0C=d', { A: 'b' }],
    ['# comment \\\nA=b', { A: 'b' }],
    ['A=b\\', { A: 'b' }],
  ])('%j', (text, fields) => {
    expect({ ...parseExtensionRelease(text).fields }).toEqual(fields);
  });

  test('lists the lines a host ignores', () => {
    expect(parseExtensionRelease('ID=a\n\nARCHITECTURE x86-64\nA="\n"\nnothing\n').ignored).toEqual([
      { line: 3, text: 'ARCHITECTURE x86-64' },
      { line: 6, text: 'nothing' },
    ]);
  });

  test('hostile input never throws', () => {
    const hostile = fc.string({ unit: fc.constantFrom(...'=\\\n\r\0 \t#;"\'Ié_'), maxLength: 100 });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
        const { fields, ignored } = parseExtensionRelease(text);
        const lines = text.split('\n').length;
        for (const { line } of ignored) expect(line).toBeLessThanOrEqual(lines);
        expect(Object.values(fields).every((value) => typeof value === 'string')).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('quoted values are read back', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('\0')),
        (value) => {
          const escaped = value.replaceAll(/["\\$`]/g, (c) => `\\${c}`);
          expect(parseExtensionRelease(`A="${escaped}"\nB=c\n`).fields).toMatchObject({ A: value, B: 'c' });
        },
      ),
    );
  });

  test('a megabyte takes no time', () => {
    const started = performance.now();
    parseExtensionRelease('word\n'.repeat(200_000));
    parseExtensionRelease(`A=${' '.repeat(1_000_000)}b`);
    parseExtensionRelease(`A="${'\\n'.repeat(500_000)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
