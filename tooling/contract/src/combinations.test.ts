import type { Extension } from '@sysext/core';
import { expect, test } from 'vitest';
import { combinationsOf } from './combinations.ts';

const extension = (name: string, ...conflicts: string[]): Extension => ({ name, conflicts }) as unknown as Extension;

const namesOf = (extensions: readonly Extension[]): Set<string> =>
  new Set(combinationsOf(extensions).map((set) => set.map(({ name }) => name).join(' ')));

test('all together, where nothing conflicts with another that is there', () => {
  expect(namesOf([extension('a', 'elsewhere'), extension('b')])).toEqual(new Set(['a b']));
});

test('each of two that conflict, with all the others', () => {
  const sets = namesOf([extension('a'), extension('b', 'c'), extension('c')]);
  expect(sets).toEqual(new Set(['a b', 'a c']));
});

test('no set that is a part of another', () => {
  const sets = namesOf([extension('a', 'b', 'c'), extension('b'), extension('c')]);
  expect(sets).toEqual(new Set(['a', 'b c']));
});
