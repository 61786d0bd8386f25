import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const text = await readFile(join(root, 'docs', 'lessons.md'), 'utf8');
const lintRules = [...(await readFile(join(root, 'docs', 'lint.md'), 'utf8')).matchAll(/^- `([a-z-]+)`:/gm)];
const rules = new Set(lintRules.map(([, name]) => name));

const lessons = [...text.matchAll(/^- (.+)\n {2}Here: (.+)$/gm)].map(([, lesson, proof]) => [lesson!, proof!] as const);

test('docs/lessons.md: every lesson has its proof', () => {
  expect(lessons).toHaveLength(text.match(/^- /gm)!.length);
});

test.each(lessons)('docs/lessons.md: %s', async (_, proof) => {
  // `a/file`, with tests quoted after it, or a `rule`.
  const named = [...proof.matchAll(/`([^`]+)`((?:,? “[^”]+”)*)/g)];
  const files = named.filter(([, name]) => name!.includes('/') && !name!.startsWith('/'));
  const known = named.filter(([, name]) => rules.has(name));
  expect([...files, ...known]).not.toEqual([]);
  for (const [, name, quotes] of files) {
    const content = await readFile(join(root, name!), 'utf8');
    for (const [, quote] of quotes!.matchAll(/“([^”]+)”/g)) expect(content).toContain(quote);
  }
});

test.each([...text.matchAll(/rules? ((?:`[a-z-]+`(?:, | and )?)+)/g)].map(([, names]) => names!))(
  'docs/lessons.md: %s: lint has it',
  (names) => {
    for (const [, name] of names.matchAll(/`([a-z-]+)`/g)) expect([...rules]).toContain(name);
  },
);

test('actions of others are pinned by commit', async () => {
  const workflows = join(root, '.github', 'workflows');
  for (const name of await readdir(workflows)) {
    const uses = (await readFile(join(workflows, name), 'utf8')).matchAll(/uses: (\S+)/g);
    for (const [, action] of uses) expect(action).toMatch(/@[0-9a-f]{40}$/);
  }
});
