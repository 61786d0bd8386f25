import { describe, expect, test } from 'vitest';
import { SysextError } from './errors.ts';
import { type RecipeInput, defineExtension, nameProblem } from './recipe.ts';

const good: RecipeInput = {
  name: 'demo',
  summary: 'A program for tests',
  homepage: 'https://demo.example/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [
    { kind: 'release', downloads: [{ url: 'https://demo.example/{version}.tar.gz', take: { demo: '/usr/bin/' } }] },
  ],
};

/** The problems that a changed recipe is refused for. */
function problemsOf(change: object): string {
  try {
    defineExtension('/x', { ...good, ...change });
  } catch (error) {
    expect(error).toBeInstanceOf(SysextError);
    expect((error as SysextError).code).toBe('RECIPE_INVALID');
    return (error as SysextError).message;
  }
  return '';
}

test('a recipe keeps what it says, and where it is; without architectures it is for all', () => {
  expect(defineExtension('/x', good)).toEqual({ ...good, architectures: ['x86-64', 'arm64'], directory: '/x' });
  expect(defineExtension('/x', { ...good, architectures: ['arm64'] }).architectures).toEqual(['arm64']);
});

test('every problem is named, not just the first', () => {
  const message = problemsOf({ name: 'Demo', summary: 'short', colour: 'red', links: { '/etc/x': 'y' } });
  for (const word of ['name', 'summary', 'colour', 'links']) expect(message).toContain(word);
});

describe('is refused:', () => {
  test.each([
    ['an unknown field', { sorces: [] }, 'sorces'],
    ['no sources', { sources: [] }, 'sources'],
    ['an unknown kind of source', { sources: [{ kind: 'docker' }] }, 'kind'],
    ['a path outside of the hierarchies', { texts: { '/etc/x': '' } }, 'only /usr'],
    ['a path that climbs', { links: { '/usr/../etc/x': 'y' } }, '".."'],
    ['an unknown placeholder', { texts: { '/usr/share/x': '{nope}' } }, '{nope}'],
    ['an unknown way to start', { services: { 'a.service': { start: 'maybe' } } }, 'services'],
    ['something that is no unit', { services: { '../a.service': { start: 'manual' } } }, 'services'],
    ['an allowance without a reason', { allow: [{ rule: 'x', path: '/usr/x', why: '' }] }, 'why'],
    ['a file URL', { homepage: 'file:///etc/passwd' }, 'homepage'],
    [
      'a companion with the name of the extension',
      { companions: { demo: { versions: good.versions, sources: good.sources } } },
      'itself',
    ],
  ])('%s', (_, change, word) => expect(problemsOf(change)).toContain(word));
});

describe('names', () => {
  test.each(['etcd', 'docker-compose', '0ad', 'a'])('%s is one', (name) => expect(nameProblem(name)).toBeUndefined());
  test.each([
    '',
    'Etcd',
    'a_b',
    'a+b',
    'a,b',
    'a:b',
    'a b',
    '-a',
    '../x',
    'flatcar-x',
    'oem-x',
    'x-flatcar',
    'a'.repeat(65),
    'constructor ',
  ])('%j is none', (name) => expect(nameProblem(name)).toBeDefined());
});
