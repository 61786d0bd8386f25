import { expect, test } from 'vitest';
import { compareDebianVersions } from './version.ts';

test.each([
  ['1.0-1', '1.0-2'],
  ['1.0-1', '1.0-1+b1'],
  ['1.0-1+b1', '1.0-1+deb13u1'],
  ['1.0-1+b9', '1.0-1+b12'],
  ['1.0-1~deb13u1', '1.0-1'],
  ['1.0~rc1-1', '1.0-1'],
  ['1.0~~', '1.0~'],
  ['1.0', '1.0-1'],
  ['1.0-9', '1.0a-1'],
  ['1.0a', '1.0+'],
  ['1.9-1', '1.10-1'],
  ['1.0.4-1', '1.0.4.0.4-1'],
  ['9.9-9', '1:0.1-1'],
  ['1-2-3', '1-3-1'],
  ['3.5.9-1~deb13u1', '3.5.10-1~deb13u1'],
  ['99999999999999999998', '99999999999999999999'],
])('%s is before %s', (older, newer) => {
  expect(compareDebianVersions(older, newer)).toBeLessThan(0);
  expect(compareDebianVersions(newer, older)).toBeGreaterThan(0);
});

test.each([
  ['1.0-1', '1.0-1'],
  ['0:1.0-1', '1.0-1'],
  ['1.0', '1.0-0'],
  ['1.00-01', '1.0-1'],
  ['', ''],
])('%s and %s are the same', (a, b) => {
  expect(compareDebianVersions(a, b)).toBe(0);
  expect(compareDebianVersions(b, a)).toBe(0);
});
