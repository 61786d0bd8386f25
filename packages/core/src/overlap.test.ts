import { expect, test } from 'vitest';
import { type Occupant, findOverlaps } from './overlap.ts';

const why = 'a test shares it on purpose';
const occupant = (name: string, paths: string[], more: Partial<Occupant['recipe']> = {}): Occupant => ({
  recipe: { name, ...more },
  paths,
});
const found = (...occupants: Occupant[]): string[] =>
  findOverlaps(occupants).map(({ severity, rule, path }) => `${severity} ${rule} ${path}`);

test('a path of two extensions is an error, one of a single one is not', () => {
  const findings = findOverlaps([occupant('a', ['/usr/bin/x', '/usr/bin/a']), occupant('b', ['/usr/bin/x'])]);
  expect(findings).toMatchObject([{ rule: 'shared-path', severity: 'error', path: '/usr/bin/x' }]);
  expect(findings[0]?.message).toContain('a and b');
});

test('three extensions at one path are three pairs', () => {
  expect(found(...['a', 'b', 'c'].map((name) => occupant(name, ['/usr/bin/x'])))).toHaveLength(3);
});

test('a path that is a directory of another extension is an error', () => {
  const [a, b] = [occupant('a', ['/usr/lib/x']), occupant('b', ['/usr/lib/x/y', '/usr/lib/x/z', '/usr/lib/xy'])];
  expect(found(a, b)).toEqual(['error shared-path /usr/lib/x']);
  expect(found(b, a)).toEqual(['error shared-path /usr/lib/x']);
});

test('a conflict that either declares settles it', () => {
  const [a, b] = [occupant('a', ['/usr/bin/x']), occupant('b', ['/usr/bin/x'], { conflicts: ['a'] })];
  expect(found(a, b)).toEqual([]);
  expect(found(b, a)).toEqual([]);
  expect(found(a, b, occupant('c', ['/usr/bin/x']))).toHaveLength(2);
});

test('what one of them allows is a warning with the reason, and only there', () => {
  const allow = [{ rule: 'shared-path', path: '/usr/lib/cni/*', why }];
  const [a, b] = [
    occupant('a', ['/usr/lib/cni/x', '/usr/bin/x'], { allow }),
    occupant('b', ['/usr/lib/cni/x', '/usr/bin/x']),
  ];
  expect(found(a, b)).toEqual(['error shared-path /usr/bin/x', 'warning shared-path /usr/lib/cni/x']);
  expect(findOverlaps([a, b])[1]).toMatchObject({ allowed: why });
});

test('an allowance that meets nothing is named; those of other rules are not looked at', () => {
  const allow = [
    { rule: 'shared-path', path: '/usr/bin/gone', why },
    { rule: 'host-file', path: '/usr/bin/tar', why },
  ];
  expect(found(occupant('a', ['/usr/bin/a'], { allow }))).toEqual(['warning stale-allowance /usr/bin/gone']);
});
