import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExec, parseUnitFile, splitWords, unitSettings, unitValue } from './unit-file.ts';

describe('parseUnitFile', () => {
  test('reads sections, assignments and comments, with their lines', () => {
    const text = '# comment\n[Unit]\nDescription = a  b \n; another\n\n[Service]\r\nExecStart=/usr/bin/demo --x=y\n';
    expect(parseUnitFile(text)).toEqual({
      settings: [
        { section: 'Unit', key: 'Description', value: 'a  b', line: 3 },
        { section: 'Service', key: 'ExecStart', value: '/usr/bin/demo --x=y', line: 7 },
      ],
      problems: [],
    });
  });

  test('joins continuation lines, skipping the comments between them', () => {
    // The example of systemd.syntax(7).
    const text =
      '[Section C]\nKeyThree=value 3\\\n# this line is ignored\n; this line is ignored too\n       value 3 continued\nKeyFour=4';
    expect(parseUnitFile(text).settings).toEqual([
      { section: 'Section C', key: 'KeyThree', value: 'value 3        value 3 continued', line: 2 },
      { section: 'Section C', key: 'KeyFour', value: '4', line: 6 },
    ]);
  });

  test('an escaped backslash at the end of a line continues nothing', () => {
    expect(parseUnitFile('[S]\nA=b\\\\\nC=d\n').settings.map(({ key, value }) => [key, value])).toEqual([
      ['A', 'b\\\\'],
      ['C', 'd'],
    ]);
  });

  test('a comment ends with its line, whatever its last character', () => {
    expect(parseUnitFile('[S]\n# comment \\\nA=b\n').settings).toHaveLength(1);
  });

  test('an empty line ends a continuation, and so does the end of the file', () => {
    expect(parseUnitFile('[S]\nA=b \\\n\nC=d\n').settings).toHaveLength(2);
    expect(parseUnitFile('[S]\nA=b \\').settings).toEqual([{ section: 'S', key: 'A', value: 'b', line: 2 }]);
  });

  test('names the lines systemd cannot use', () => {
    expect(parseUnitFile('A=b\n[Unit]\njust words\n[Service\nC=d\n').problems).toEqual([
      { line: 1, message: '"A=b" is in no section', fatal: false },
      { line: 3, message: '"just words" has no "="', fatal: false },
      { line: 4, message: '"[Service" is no section header', fatal: true },
      { line: 5, message: '"C=d" is in no section', fatal: false },
    ]);
  });

  test('an empty assignment takes back what was there before', () => {
    const unit = parseUnitFile('[Service]\nExecStart=a\nExecStart=\nExecStart=b\nExecStart=c\n[Unit]\nExecStart=z\n');
    expect(unitSettings(unit, 'Service', 'ExecStart').map(({ value }) => value)).toEqual(['b', 'c']);
    expect(unitValue(unit, 'Service', 'ExecStart')).toBe('c');
    expect(unitValue(unit, 'Service', 'User')).toBeUndefined();
    expect(unitValue(parseUnitFile('[Service]\nUser=a\nUser=\n'), 'Service', 'User')).toBeUndefined();
  });
});

describe('parseExec', () => {
  test.each([
    ['/usr/bin/demo', '', '/usr/bin/demo', []],
    ['-/usr/bin/demo --x', '-', '/usr/bin/demo', ['--x']],
    ['@/usr/bin/demo name --x', '@', '/usr/bin/demo', ['--x']],
    ['-@!!demo name', '-@!!', 'demo', []],
    ['|:+/usr/bin/demo', '|:+', '/usr/bin/demo', []],
    ['"/usr/bin/a b" \'c d\'', '', '/usr/bin/a b', ['c d']],
    ['/usr/bin/a\\x20b c\\td', '', '/usr/bin/a b', ['c\td']],
    ['/usr/bin/sh -c "echo \\"$HOME\\"; exit"', '', '/usr/bin/sh', ['-c', 'echo "$HOME"; exit']],
    ['/usr/bin/demo a\\;b \\; ";"', '', '/usr/bin/demo', ['a\\;b', ';', ';']],
    ['demo \\d\\101\\u00e9\\U0001f600', '', 'demo', ['\\dAé😀']],
    ['demo ""', '', 'demo', ['']],
  ])('%s', (value, prefix, program, args) => {
    expect(parseExec(value)).toEqual([{ prefix, program, arguments: args }]);
  });

  test('a semicolon separates commands', () => {
    expect(parseExec('/usr/bin/a x ; -/usr/bin/b')).toEqual([
      { prefix: '', program: '/usr/bin/a', arguments: ['x'] },
      { prefix: '-', program: '/usr/bin/b', arguments: [] },
    ]);
  });

  test.each(['', '  ', '"/usr/bin/demo', "demo 'a", 'demo \\', '-', '@ x', ';'])('%j is no command', (value) => {
    expect(parseExec(value)).toBeUndefined();
  });
});

describe('hostile input', () => {
  const unitish = fc.string({ unit: fc.constantFrom(...'[]=\\\n\r\0 \t#;"\'aé\ufeff'), maxLength: 200 });

  test('never throws, and every setting is in a line of the file', () => {
    fc.assert(
      fc.property(fc.oneof(unitish, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const { settings, problems } = parseUnitFile(text);
        const lines = text.split(/\r\n|[\n\r\0]/).length;
        for (const { line } of [...settings, ...problems]) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
        }
        parseExec(text);
      }),
      { numRuns: 3000 },
    );
  });

  test('what is written is read back', () => {
    const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9/][ -~]{0,20}[A-Za-z0-9]$/);
    fc.assert(
      fc.property(fc.array(fc.record({ section: word, key: word, value })), (wanted) => {
        const text = wanted.map(({ section, key, value: right }) => `[${section}]\n${key}=${right}\n`).join('');
        expect(parseUnitFile(text).settings).toMatchObject(wanted);
      }),
    );
  });

  test('quoted words are read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 })), (words) => {
        const line = words.map((word) => `"${word.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`).join(' ');
        expect(splitWords(line)?.map(({ text }) => text)).toEqual(words);
      }),
    );
  });

  test('a megabyte takes no time', () => {
    const started = performance.now();
    parseUnitFile('[S]\nA=b \\\n'.repeat(120_000));
    parseUnitFile(`[S]\nA=${'\\'.repeat(1_000_000)}x`);
    parseUnitFile(`[S]\nA=${' '.repeat(1_000_000)}x`);
    parseExec(`/a ${'\\x41'.repeat(250_000)}`);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
