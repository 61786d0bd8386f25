import { checkCatalogue } from '@sysext/core';
import { expect, test } from 'vitest';
import { loadExtensions } from './extensions.ts';

test('no two extensions, and none and the host, ship the same path undeclared', async () => {
  const checked = await checkCatalogue((await loadExtensions()).map((module) => module.default));
  expect(checked.flatMap(({ findings }) => findings.filter(({ allowed }) => allowed === undefined))).toEqual([]);
});
