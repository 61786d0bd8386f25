import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('looks for CNI plugins where they are', async () => {
  const settings = await readFile(join(root, 'files', 'usr', 'share', 'crio', '20-cni.conf'), 'utf8');
  const [, directories] = /^plugin_dirs = (\[.*\])$/m.exec(settings)!;
  expect(JSON.parse(directories!)).toContain('/usr/libexec/crio/cni');
  const tree = await readFile(join(root, 'test', 'golden', 'tree.txt'), 'utf8');
  expect(tree).toMatch(/ \/usr\/libexec\/crio\/cni\/\w/);
});
