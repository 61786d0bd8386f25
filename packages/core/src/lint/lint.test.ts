import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../tree.ts';
import { lint } from './lint.ts';
import { rules } from './rules.ts';
import { demo, directory, link, program, special, stranger, text } from './testing/subject.ts';

const why = 'a test breaks it on purpose';

describe('lint', () => {
  test('has nothing to say about a clean subject', async () => {
    expect(await lint(demo())).toEqual([]);
    expect(await lint(stranger())).toEqual([]);
    expect(await lint({ name: 'demo', tree: demo().tree })).toEqual([]);
  });

  test('tells everything at once, errors first', async () => {
    const findings = await lint(
      demo({ 'etc/x': '', 'usr/sbin/x': program(), proc: directory(), 'usr/lib/os-release': '' }),
    );
    expect(findings.map(({ severity, rule, path }) => [severity, rule, path])).toEqual([
      ['error', 'os-release', '/usr/lib/os-release'],
      ['error', 'outside-usr', '/etc'],
      ['error', 'usr-sbin', '/usr/sbin'],
      ['warning', 'outside-usr', '/proc'],
    ]);
  });

  test('keeps the reason of an allowance', async () => {
    const allow = [{ rule: 'host-file', path: '/usr/bin/ta*', why }];
    const [finding, ...others] = await lint(demo({ 'usr/bin/tar': program() }, { allow }));
    expect(finding).toMatchObject({ rule: 'host-file', severity: 'warning', path: '/usr/bin/tar', allowed: why });
    expect(others).toEqual([]);
  });

  test('allows only that rule and those paths', async () => {
    const allow = [
      { rule: 'host-file', path: '/usr/bin/tar', why },
      { rule: 'elf-machine', path: '/usr/bin/**', why },
    ];
    const findings = await lint(demo({ 'usr/bin/tar': program(), 'usr/bin/sed': program() }, { allow }));
    expect(findings.map(({ severity, rule, path }) => [severity, rule, path])).toEqual([
      ['error', 'host-file', '/usr/bin/sed'],
      ['warning', 'host-file', '/usr/bin/tar'],
      ['warning', 'stale-allowance', '/usr/bin/**'],
    ]);
  });

  test('names an allowance for a rule that does not exist', async () => {
    const [finding] = await lint(demo({}, { allow: [{ rule: 'host-files', path: '/usr/bin/tar', why }] }));
    expect(finding).toMatchObject({ rule: 'stale-allowance', message: expect.stringContaining('no such rule') });
  });

  test('leaves allowances about other extensions to whoever knows those', async () => {
    expect(await lint(demo({}, { allow: [{ rule: 'shared-path', path: '/usr/bin/tar', why }] }))).toEqual([]);
  });

  test('knows every rule by one name, in order', () => {
    const names = rules.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].toSorted());
  });

  test('settles for any tree, with the same findings every time', async () => {
    const parts = [
      'usr',
      'opt',
      'etc',
      'bin',
      'lib',
      'lib64',
      'sbin',
      'systemd',
      'system',
      'demo.service',
      'x.d',
      'a.conf',
      'sysusers.d',
      '.wh.x',
    ];
    const path = fc
      .array(fc.constantFrom(...parts), { minLength: 1, maxLength: 6 })
      .map((components) => components.join('/'));
    const content = fc.oneof(
      fc.string(),
      fc.constantFrom('#!', '#!/bin/sh\n', '[Service]\nExecStart=\\\n', '\x7fELF', 'u a "'),
    );
    const entry: fc.Arbitrary<Entry> = fc.oneof(
      fc.tuple(content, fc.nat(0o7777)).map(([bytes, mode]) => text(bytes, { mode })),
      path.map(link),
      fc.constant(directory({ mode: 0o777, uid: 1 })),
      fc.constant(special('character-device')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(path, entry), { maxLength: 30 }), async (entries) => {
        const subject = stranger(Object.fromEntries(entries));
        const findings = await lint(subject);
        expect(await lint(subject)).toEqual(findings);
        for (const { path: where } of findings) expect(where ?? '/').toMatch(/^\//);
      }),
      { numRuns: 300 },
    );
  });
});
