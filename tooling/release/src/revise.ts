/**
 * The part of a release that changesets does not know: after `changeset version` has raised the
 * packages, raises the image revisions that hosts need to see. Run in the root of the workspace.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Extension, inputsDigest, readLock, reviseLock, writeLock } from '@sysext/core';

const root = join(process.cwd(), 'packages', 'extensions');
for (const name of (await readdir(root)).toSorted()) {
  const directory = join(root, name);
  const { default: extension } = (await import(pathToFileURL(join(directory, 'extension.ts')).href)) as {
    default: Extension;
  };
  const { version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { version: string };
  const before = await readLock(directory);
  const after = reviseLock(before, version, await inputsDigest(extension));
  await writeLock(directory, after);
  for (const [upstream, { revision }] of Object.entries(after.versions)) {
    if (revision !== before.versions[upstream]?.revision) console.log(`${name} ${upstream}: revision ${revision}`);
  }
}
