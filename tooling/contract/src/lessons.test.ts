import { readFile, readdir } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const read = async (path: string): Promise<string> => await readFile(join(root, path), 'utf8');

const text = await read('docs/lessons.md');
const lessons = [...text.matchAll(/^- (.+)\n {2}Here: (.+)$/gm)].map(([, lesson, proof]) => [lesson!, proof!] as const);

const rules = new Set([...(await read('docs/lint.md')).matchAll(/^- `([a-z-]+)`:/gm)].map(([, name]) => name!));

/** Files that tests make anew and compare. */
const goldens = [
  'docs/{extensions,lint}.md',
  'packages/extensions/*/butane/*.yaml',
  'packages/extensions/*/sysupdate/*.{conf,transfer}',
  'packages/extensions/*/test/golden/**',
];

/** What can be quoted from. */
const tests = ['{packages,tooling}/**/*.test.ts', 'tooling/contract/src/contract.ts'];

const isOneOf = (path: string, globs: readonly string[]): boolean => globs.some((glob) => matchesGlob(path, glob));

const literal = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`;
const valueOf = (source: string): string => source.slice(1, -1).replaceAll(/\\(.)/g, '$1');
const withoutMeaning = (part: string): string => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');

/**
 * Whether a file has a test or a suite of this title. Where the title is written with a `%s` or `%j`, what stands in its
 * place has to be a string of the file, from the table of cases (the first of a row, where the title is nothing else); or the title is quoted as it is written.
 */
function hasTitle(source: string, title: string): boolean {
  const strings = new Set([...source.matchAll(new RegExp(literal, 'g'))].map(([found]) => valueOf(found)));
  const rows = new Set(
    [...source.matchAll(new RegExp(String.raw`\[\s*(${literal})`, 'g'))].map(([, found]) => valueOf(found!)),
  );
  const titles = source.matchAll(new RegExp(String.raw`(?:\b(?:test|describe\w*)|\))\(\s*(${literal}),`, 'g'));
  return [...titles].some(([, found]) => {
    const written = valueOf(found!);
    const parts = written.split(/"?%[sj]"?/).map(withoutMeaning);
    const cases = new RegExp(`^${parts.join('"?(.+?)"?')}$`, 's').exec(title)?.slice(1) ?? [];
    const known = parts.every((part) => part === '') ? rows : strings;
    return written === title || (cases.length > 0 && cases.every((each) => known.has(each)));
  });
}

/** `a/file` with tests quoted after it, or a `rule`. */
function shownBy(proof: string): { paths: { path: string; quotes: string[] }[]; rules: string[] } {
  const named = [...proof.matchAll(/`([^`]+)`((?:,? “[^”]+”)*)/g)].map(([, name, quotes]) => ({
    path: name!,
    quotes: [...quotes!.matchAll(/“([^”]+)”/g)].map(([, quote]) => quote!),
  }));
  return {
    paths: named.filter(({ path }) => /^\w.*\//.test(path)),
    rules: named.map(({ path }) => path).filter((name) => rules.has(name)),
  };
}

test('docs/lessons.md: every lesson has its proof', () => {
  expect(lessons).toHaveLength(text.match(/^- /gm)!.length);
});

test.each(lessons)('docs/lessons.md: %s', async (_, proof) => {
  const shown = shownBy(proof);
  for (const { path, quotes } of shown.paths) {
    const source = await read(path);
    if (isOneOf(path, tests)) {
      expect(quotes.filter((title) => !hasTitle(source, title))).toEqual([]);
      expect(quotes, `${path}: no test of it is named`).not.toEqual([]);
    } else {
      const lines = new Set(source.split('\n').map((line) => line.trim()));
      expect(quotes.filter((line) => !lines.has(line))).toEqual([]);
      expect(isOneOf(path, goldens), `${path} is neither test nor golden`).toBe(true);
    }
  }
  expect([...shown.paths, ...shown.rules]).not.toEqual([]);
});

test.each([...text.matchAll(/rules? ((?:`[a-z-]+`(?:, | and )?)+)/g)].map(([, names]) => names!))(
  'docs/lessons.md: %s: lint has it',
  (names) => {
    for (const [, name] of names.matchAll(/`([a-z-]+)`/g)) expect([...rules]).toContain(name);
  },
);

test('docs/lessons.md: when a file that it names changes, these tests run again', async () => {
  const { tasks } = JSON.parse(await read('turbo.json')) as { tasks: Record<string, { inputs?: string[] }> };
  const inputs = tasks['@sysext/contract#test']!.inputs!.map((input) => input.replace('$TURBO_ROOT$/', ''));
  const named = lessons.flatMap(([, proof]) => shownBy(proof).paths.map(({ path }) => path));
  expect(named.filter((path) => !isOneOf(path, [...inputs, 'tooling/contract/**']))).toEqual([]);
});

test('actions of others are pinned by commit', async () => {
  const workflows = join(root, '.github', 'workflows');
  for (const name of await readdir(workflows)) {
    const uses = (await readFile(join(workflows, name), 'utf8')).matchAll(/uses: (\S+)/g);
    for (const [, action] of uses) expect(action).toMatch(/@[0-9a-f]{40}$/);
  }
});
