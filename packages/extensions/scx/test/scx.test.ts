import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { provision } from '../provision.ts';

const root = join(import.meta.dirname, '..');

test('without a choice, a document names no scheduler, and the image and the README name one default', async () => {
  expect(provision({}).files).toEqual([]);
  const settings = await readFile(join(root, 'files', 'usr', 'share', 'scx', 'scx.env'), 'utf8');
  const [, scheduler] = /^SCX_SCHEDULER=(scx_\w+)$/m.exec(settings)!;
  expect(await readFile(join(root, 'README.md'), 'utf8')).toContain(`\`${scheduler}\` unless given`);
});
