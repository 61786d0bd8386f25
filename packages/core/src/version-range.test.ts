import { expect, test } from 'vitest';
import { rangeProblem } from './version-range.ts';

test.each([
  [{}, 'v1.0.0', undefined],
  [{ from: 'v1.7.0' }, 'v1.7.0', undefined],
  [{ from: 'v1.7.0' }, 'v1.6.9', 'from version v1.7.0 on'],
  [{ from: 'v1.7.0', before: 'v2.0.0' }, 'v1.10.0', undefined],
  [{ from: 'v1.7.0', before: 'v2.0.0' }, 'v2.0.0', 'before version v2.0.0'],
  [{ exactly: '0.17.1' }, '0.17.1', undefined],
  [{ exactly: '0.17.1' }, '0.17.1-3', undefined],
  [{ exactly: '0.17.1' }, '0.17.1-rc.1', 'in version 0.17.1'],
  [{ exactly: '0.17.1' }, '0.17.10', 'in version 0.17.1'],
])('%j: %s → %s', (range, version, problem) => {
  expect(rangeProblem(range, version)).toBe(problem);
});
