import { describe } from 'vitest';
import { describeExtension } from './contract.ts';
import { loadExtensions } from './extensions.ts';

const share = await loadExtensions(1, 4);

describe.each(share.map((module) => [module.default.name, module] as const))('%s', (_, module) => {
  describeExtension(module);
});
