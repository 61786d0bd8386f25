import { expect, test } from 'vitest';
import { makePlans } from './plan.ts';
import { type RecipeInput, defineExtension } from './recipe.ts';

const take = '/usr/bin/demo';
const recipe: RecipeInput = {
  name: 'demo',
  summary: 'A program for tests',
  homepage: 'https://demo.example/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'demo/demo' },
  sources: [
    { kind: 'release', downloads: [{ url: 'https://demo.example/new', take }], when: { from: 'v2' } },
    { kind: 'goModules', commands: { 'demo.example/cmd/demo': take }, when: { from: 'v1', before: 'v2' } },
    { kind: 'goModules', commands: { 'demo.example/v2/cmd/demo': take }, when: { from: 'v2' } },
  ],
};

function kinds(version: string, change: Partial<RecipeInput> = {}): string[] {
  const extension = defineExtension(import.meta.dirname, { ...recipe, ...change });
  const lock = { schema: 1 as const, versions: { [version]: { revision: 0, downloads: {} } } };
  const [plan] = makePlans(extension, lock, ['x86-64'], { version });
  return plan!.programs.flatMap(({ sources }) => sources.map(({ kind }) => kind));
}

test('a version has the sources that are for it', () => {
  expect(kinds('v1.0')).toEqual(['goModules']);
  expect(kinds('v2.1')).toEqual(['release', 'goModules']);
});

test('a version that no source is for is refused', () => {
  expect(() => kinds('v0.9')).toThrow('no source of demo is for version v0.9');
});
