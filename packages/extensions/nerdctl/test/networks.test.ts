import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('keeps networks in a directory that is made, and finds plugins where they are', async () => {
  const settings = await readFile(join(root, 'files', 'usr', 'share', 'nerdctl', 'nerdctl.toml'), 'utf8');
  const [networks, plugins] = ['cni_netconfpath', 'cni_path'].map(
    (key) => new RegExp(`^${key} = "(.+)"$`, 'm').exec(settings)![1],
  );
  const made = await readFile(join(root, 'files', 'usr', 'lib', 'tmpfiles.d', 'nerdctl.conf'), 'utf8');
  expect(made).toMatch(new RegExp(`^d ${networks} `, 'm'));
  const tree = await readFile(join(root, 'test', 'golden', 'tree.txt'), 'utf8');
  expect(tree).toContain(` ${plugins}/bridge\n`);
});
