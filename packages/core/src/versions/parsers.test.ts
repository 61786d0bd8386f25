import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { dayOf, nextPage } from './answer.ts';
import { branchesIn } from './haproxy.ts';
import { patchesIn } from './kubernetes.ts';
import { newestOfEachSeries } from './newest.ts';
import { VersionSource } from './source.ts';

/** Text as servers send it: mostly what the parser looks for, out of order. */
const scrambled = (...parts: string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((all) => all.join(''));

describe("Kubernetes' schedule", () => {
  const series = (release: string, from: string, to: string, patches: string): string =>
    `- release: ${release}\n  releaseDate: ${from}\n  endOfLifeDate: ${to}\n  previousPatches: ${patches}\n`;
  const patchesOn = (day: string, ...all: string[]): string[] =>
    patchesIn(`schedules:\n${all.join('')}`, day).map(({ name }) => name);

  test('only series that are out and supported on that day', () => {
    const all = [
      series('1.28', '2023-08-15', '2024-10-28', '[{release: 1.28.15}]'),
      series('1.32', '2024-12-11', '2026-02-28', '[{release: 1.32.2}, {release: 1.32.1}]'),
      series('1.33', '2025-04-23', '2026-06-28', '[]'),
    ];
    expect(patchesOn('2025-03-01', ...all)).toEqual(['v1.32.2', 'v1.32.1']);
    expect(patchesOn('2025-04-23', ...all)).toEqual(['v1.32.2', 'v1.32.1', 'v1.33.0']);
    expect(patchesOn('2026-02-28', ...all)).toContain('v1.32.2');
    expect(patchesOn('2026-03-01', ...all)).toEqual(['v1.33.0']);
  });

  test('an unquoted 1.30 stays 1.30', () => {
    expect(patchesOn('2025-01-01', series('1.30', '2024-04-17', '2025-06-28', '[]'))).toEqual(['v1.30.0']);
  });

  test.each([
    ['no schedule', 'hello'],
    ['aliases that grow', 'a: &a [x, x]\nb: &b [*a, *a]\nschedules: [*b, *b]'],
    ['a day that is none', 'schedules:\n- {release: "1.30", releaseDate: soon, endOfLifeDate: "2025-06-28"}'],
    ['megabytes', ' '.repeat(2 * 1024 ** 2)],
  ])('%s is an error', (_, text) => {
    expect(() => patchesIn(text, '2025-01-01')).toThrow(expect.objectContaining({ code: 'ANSWER_INVALID' }));
  });

  test('whatever comes, it is patches or that error', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      scrambled(
        'schedules:',
        '\n',
        '- ',
        'release: ',
        '1.30',
        '"',
        '[',
        '{',
        '&a ',
        '*a',
        '  ',
        'releaseDate: 2024-01-01\n',
      ),
    );
    fc.assert(
      fc.property(text, (value) => {
        try {
          for (const { name } of patchesIn(value, '2025-01-01')) expect(name).toMatch(/^v/);
        } catch (error) {
          expect(error).toBeInstanceOf(SysextError);
          expect(error).toHaveProperty('code', 'ANSWER_INVALID');
        }
      }),
    );
  });
});

describe('the next page', () => {
  const current = 'https://api.example/list?page=1';

  test('whatever the header holds, it is on the same server and path, or nowhere', () => {
    const header = fc.oneof(
      fc.string(),
      scrambled(
        '<',
        '>',
        ';',
        ' rel="next"',
        ',',
        'https://evil.example/',
        '//evil.example',
        '?page=2',
        '#',
        '\\',
        '[',
        '@',
      ),
    );
    fc.assert(
      fc.property(header, (link) => {
        let next: string | undefined;
        try {
          next = nextPage(link, current);
        } catch (error) {
          return expect(error).toHaveProperty('code', 'ANSWER_INVALID');
        }
        if (next !== undefined) expect(next.split('?')[0]).toBe('https://api.example/list');
      }),
    );
  });

  test('is found among several links, in one header or several', () => {
    expect(nextPage('<https://x.example/?a>; rel="prev", <https://x.example/?b>; rel="next"', current)).toBe(
      'https://api.example/list?b',
    );
    expect(nextPage(['<?a>; rel="last"', '<?b>; rel="next"'], current)).toBe('https://api.example/list?b');
    expect(nextPage(undefined, current)).toBeUndefined();
  });
});

test('branches are found in listings of several servers, and are two numbers whatever comes', () => {
  expect(branchesIn('<a href="3.0/">3.0/</a> <a href="/download/3.2/">3.2</a> <a href="./2.8/">')).toEqual([
    '3.0',
    '3.2',
    '2.8',
  ]);
  const page = fc.oneof(fc.string(), scrambled('href="', '"', '/download/', './', '3', '.', '0', '/', '../', '\n'));
  fc.assert(
    fc.property(page, (text) => {
      for (const branch of branchesIn(text)) expect(branch).toMatch(/^\d{1,4}\.\d{1,4}$/);
    }),
  );
});

test('a day is a day, or nothing', () => {
  expect(['2025-03-27T20:30:00Z', '2025-03-27', '2025-03-27x', 'yesterday', '', undefined].map(dayOf)).toEqual([
    '2025-03-27',
    '2025-03-27',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

describe('the newest of each series', () => {
  const newest = (pattern: string | undefined, ...versions: string[]): unknown =>
    newestOfEachSeries(
      versions.map((version) => ({ version })),
      pattern,
    ).map(([series, { version }]) => [series, version]);

  test('each by itself, newest series first, what is in no series left out', () => {
    expect(
      newest('^v(\\d+\\.\\d+)\\.', 'v1.31.9+k3s1', 'v1.32.2+k3s1', 'v1.31.10+k3s1', 'nightly', 'v1.32.2+k3s2'),
    ).toEqual([
      ['1.32', 'v1.32.2+k3s2'],
      ['1.31', 'v1.31.10+k3s1'],
    ]);
  });

  test('without series, of all', () => {
    expect(newest(undefined, '1.9', '1.10')).toEqual([[undefined, '1.10']]);
    expect(newest(undefined)).toEqual([]);
  });
});

describe('a source in a recipe', () => {
  test.each([
    ['a repository with a path', { from: 'github-tags', repo: 'o/r/x' }, 'repo'],
    ['a tag without its version', { from: 'github-tags', repo: 'o/r', tag: 'v' }, 'tag'],
    ['a tag with something else', { from: 'github-tags', repo: 'o/r', tag: '{version}{arch}' }, 'tag'],
    ['a pattern that does not compile', { from: 'kubernetes', match: '(' }, 'match'],
    ['a pattern without a group', { from: 'listing', url: 'https://x.example/', pattern: 'a' }, 'pattern'],
    ['a pattern with two', { from: 'listing', url: 'https://x.example/', pattern: '(a)(b)' }, 'pattern'],
    ['a product that is a path', { from: 'hashicorp', product: '../vault' }, 'product'],
    ['a module that is an option', { from: 'go-module', module: '-x' }, 'module'],
    [
      'an instance with a path too much',
      { from: 'gitlab-tags', instance: 'https://x.example/', project: '6' },
      'instance',
    ],
  ])('%s is refused', (_, source, field) => {
    const { error } = VersionSource.safeParse(source);
    expect(error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });

  test('of a kind that is not known is refused', () => {
    expect(VersionSource.safeParse({ from: 'rumours' }).success).toBe(false);
  });
});
