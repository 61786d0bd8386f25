import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SysextError } from './errors.ts';
import { compareVersions, imageStem, imageVersion, isPrerelease, versionProblem } from './version.ts';

describe('compareVersions', () => {
  // Each row was run through `systemd-analyze compare-versions`.
  test.each([
    ['1.30.0', '<', '1.30.0-1'],
    ['1.30.0-9', '<', '1.30.0-10'],
    ['1.30.0-9', '<', '1.30.0.1'],
    ['1.30.0-9', '<', '1.30.1'],
    ['1.30.0+1', '>', '1.30.0-1'],
    ['1.30.0+1', '>', '1.30.0.1'],
    ['1.30.0+1', '<', '1.30.1'],
    ['1.30.0+1', '=', '1.30.0_1'],
    ['1.30.0-1', '>', '1.30.0-rc1'],
    ['1.30.0-r1', '<', '1.30.0-rc1'],
    ['1.30.0', '<', '1.30.0-rc.1'],
    ['1.30.0', '>', '1.30.0~rc1'],
    ['1.30.0', '<', '1.30.0+k3s1'],
    ['1.30.0+k3s9', '<', '1.30.0+k3s10'],
    ['1.30.0+k3s1', '<', '1.30.0+k3s1-1'],
    ['1.30.0+k3s1-1', '<', '1.30.0+k3s2'],
    ['1.30.0-1', '>', '1.30.0-k3s1'],
    ['v1.31.0', '<', '1.30.0'],
    ['v1.9.0', '<', 'v1.10.0'],
    ['1.30.0', '<', '1.30.0^1'],
    ['1.30.0^1', '>', '1.30.0-1'],
    ['1.30.0^1', '<', '1.30.0.1'],
    ['1.02', '=', '1.2'],
    ['1.0', '>', '1'],
    ['5.6.0a', '>', '5.6.0-1'],
    ['v3.5.21', '<', 'v3.5.21-1'],
    ['v3.5.21-1', '<', 'v3.5.22'],
  ])('%s %s %s', (a, sign, b) => {
    const expected = { '<': -1, '=': 0, '>': 1 }[sign];
    expect(Math.sign(compareVersions(a, b))).toBe(expected);
    expect(Math.sign(compareVersions(b, a))).toBe(expected === 0 ? 0 : -expected!);
  });

  const version = fc.string({ unit: fc.constantFrom(...'0019ab~-^.+_'), maxLength: 12 });

  test('is an order: reflexive, antisymmetric, transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('image names', () => {
  test('carry upstream version, revision and architecture', () => {
    const etcd = { name: 'etcd', version: 'v3.5.21', revision: 0, arch: 'x86-64' } as const;
    expect(imageStem(etcd)).toBe('etcd-v3.5.21-x86-64');
    expect(imageStem({ ...etcd, revision: 2, arch: 'arm64' })).toBe('etcd-v3.5.21-2-arm64');
  });

  test('write a plus as a dash', () => {
    expect(imageVersion({ version: 'v1.32.2+k3s1', revision: 1 })).toBe('v1.32.2-k3s1-1');
  });

  test.each(['', '-1', '1.0~rc1', '1.0^1', '1,0', '1.0 ', 'v1.0$(id)', '../x', 'a/b', '1.0\n', '1..2', 'é'])(
    'refuse %j',
    (version) => {
      expect(versionProblem(version)).toBeDefined();
      expect(() => imageVersion({ version, revision: 0 })).toThrow(SysextError);
    },
  );

  test.each(['v3.7.0-rc.0', '1.0-beta', '1.2.3-alpha2', '2.0.0.dev1', '1.0-pre1'])('%s is a prerelease', (v) =>
    expect(isPrerelease(v)).toBe(true),
  );
  test.each(['v3.5.21', '2.2.5', 'v1.32.2+k3s1', 'v1.32.2+rke2r1', '28.0.4'])('%s is not a prerelease', (v) =>
    expect(isPrerelease(v)).toBe(false),
  );
});
