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

test.each([
  ['demo.service', '/usr/share/demo/demo.conf'],
  ['demo.service', '/etc/demo/'],
  ['demo.service', '/etc/demo/../shadow'],
  ['demo.service', '/etc/..'],
  ['demo@.service', '/etc/demo/demo.conf'],
  ['demo.socket', '/etc/demo/demo.conf'],
])('%s does not wait for %s', (unit, configuration) => {
  expect(problemsOf({ services: { [unit]: { start: 'when-configured', configuration } } })).toContain('services');
  expect(problemsOf({ services: { 'demo.service': { start: 'when-configured', configuration: '/etc/d/x.y' } } })).toBe(
    '',
  );
});

describe('in short:', () => {
  const url = 'https://demo.example/{version}.tar.gz';
  const sourceOf = (source: RecipeInput['sources'][number]): unknown =>
    defineExtension('/x', { ...good, sources: [source] }).sources[0];

  test('a source of one download has its fields', () => {
    const when = { from: '2' };
    expect(sourceOf({ kind: 'release', url, strip: 1, take: { demo: '/usr/bin/' }, when })).toEqual({
      kind: 'release',
      downloads: [{ url, strip: 1, take: { demo: '/usr/bin/' } }],
      when,
    });
  });

  test('alternatives in braces are members by themselves', () => {
    const take = { 'bin/{runc,crun}': { to: '/usr/lib/demo/', optional: true }, 'lib/{arch}/': '/usr/lib/demo/' };
    const expected = {
      'bin/runc': take['bin/{runc,crun}'],
      'bin/crun': take['bin/{runc,crun}'],
      'lib/{arch}/': '/usr/lib/demo/',
    };
    expect(sourceOf({ kind: 'release', url, take })).toMatchObject({ downloads: [{ take: expected }] });
    expect(sourceOf({ kind: 'debian', suite: 'trixie', packages: ['demo'], take })).toMatchObject({ take: expected });
  });

  test('Go commands go to a directory by the names that Go gives them', () => {
    const commands = { 'demo.example/{ctl,utl}/v3': '/usr/bin/', 'demo.example/server/v3': '/usr/bin/demo' };
    expect(sourceOf({ kind: 'goModules', commands })).toMatchObject({
      commands: {
        'demo.example/ctl/v3': '/usr/bin/ctl',
        'demo.example/utl/v3': '/usr/bin/utl',
        'demo.example/server/v3': '/usr/bin/demo',
      },
    });
  });

  test.each([
    [
      'the same member twice',
      { kind: 'release', url, take: { '{a,b}': '/usr/bin/', b: '/usr/bin/c' } },
      'b is there twice',
    ],
    [
      'something that is no Go package',
      { kind: 'goModules', commands: { '{a,b}': '/usr/bin/' } },
      'sources.0.commands.a',
    ],
    ['braces within braces', { kind: 'release', url, take: { '{a,{b,c}}': '/usr/bin/' } }, 'braces within braces'],
    ['a place outside of the hierarchies', { kind: 'release', url, take: '/etc/x' }, 'sources.0.take'],
    ['an unknown field', { kind: 'release', url, take: '/usr/bin/x', colour: 'red' }, '"colour"'],
    ['a source of nothing', { kind: 'release', url }, 'sources.0: lacks "downloads", or "url" and "take"'],
    [
      'both forms',
      { kind: 'release', downloads: [{ url, take: '/usr/x' }], url },
      'sources.0: has "downloads", and url',
    ],
    ['no downloads', { kind: 'release', downloads: [] }, 'sources.0.downloads'],
  ])('%s is refused', (_, source, words) => expect(problemsOf({ sources: [source] })).toContain(words));
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
