import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { fabricate } from '../../core/src/repository/testing/fabricate.ts';

const packages = join(import.meta.dirname, '..', '..');

test('docs/repository.md says what works, in its order', { timeout: 60_000 }, async () => {
  await using work = await temporaryDirectory();
  for (const [version, revision] of [
    ['v3.5.21', 0],
    ['v3.5.33', 0],
    ['v3.5.33', 1],
  ] as const)
    await fabricate(work.path, { name: 'etcd', version, revision });
  const text = await readFile(join(packages, '..', 'docs', 'repository.md'), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([^`]*)^```$/gm)].map(([, commands]) => commands!);
  expect(blocks.length).toBeGreaterThan(4);
  const sysext = `sysext() { "${process.execPath}" "${join(packages, 'cli', 'sysext.mjs')}" "$@"; }`;
  for (const commands of blocks) {
    await execa('sh', ['-euc', `${sysext}\n${commands}`], {
      cwd: work.path,
      env: { PATH: process.env['PATH']!, HOME: work.path, SYSEXT_CACHE: join(work.path, 'cache') },
      extendEnv: false,
    });
  }
  const sums = await readFile(join(work.path, 'repo/etcd/SHA256SUMS'), 'utf8');
  expect(sums).toMatch(/v3\.5\.21-x86-64\.raw\n.*v3\.5\.33-1-x86-64\.raw\n$/);
});
