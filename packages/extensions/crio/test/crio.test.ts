import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import crio from '../extension.ts';

const settings = join(import.meta.dirname, '..', 'files', 'usr', 'share', 'crio', '20-cni.conf');

test("looks for CNI plugins where the recipe puts upstream's", async () => {
  const [, directories] = /^plugin_dirs = (\[.*\])$/m.exec(await readFile(settings, 'utf8'))!;
  const taken = crio.sources.flatMap((source) =>
    source.kind === 'release' ? source.downloads.map(({ take }) => Object(take)['cni-plugins/'] as unknown) : [],
  );
  expect(taken).not.toEqual([]);
  for (const to of taken) expect((JSON.parse(directories!) as string[]).map((path) => `${path}/`)).toContain(to);
});
