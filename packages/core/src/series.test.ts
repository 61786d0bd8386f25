import { describe, expect, test } from 'vitest';
import { seriesOf, seriesProblem } from './series.ts';

describe('series', () => {
  test.each([
    ['^v(\\d+\\.\\d+)\\.', 'v3.5.21', { name: '3.5', prefix: 'v3.5.' }],
    ['^(v\\d+\\.\\d+)\\.', 'v1.32.2+k3s1', { name: 'v1.32', prefix: 'v1.32.' }],
    ['^(\\d+)\\+', '3+1', { name: '3', prefix: '3-' }],
    ['^v(\\d+\\.\\d+)\\.', 'nightly', undefined],
    [undefined, 'v3.5.21', undefined],
  ])('%s of %s', (pattern, version, series) => {
    expect(seriesOf(pattern, version)).toEqual(series);
  });

  test.each([
    ['^v(', /[Uu]nterminated/],
    ['^v\\d', /0 groups/],
    ['^(v)(\\d)', /2 groups/],
    ['v(\\d)', /begin with \^/],
  ])('%s cannot tell a series', (pattern, problem) => {
    expect(seriesProblem(pattern)).toMatch(problem);
  });

  test('a pattern that can', () => {
    expect(seriesProblem('^v(\\d+)\\.')).toBeUndefined();
  });
});
