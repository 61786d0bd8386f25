import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SysextError } from '../errors.ts';
import { writeWhole } from '../write.ts';
import { readGeneration, readIfThere } from './generation.ts';
import { extensionDirectory, indexName, parseImageName } from './layout.ts';

/** Extension → the files, relative to its directory, that were about to be put there. */
type Pending = Readonly<Record<string, readonly string[]>>;

const fileName = '.pending.json';

/**
 * Notes which files a process is about to put into extensions' directories, before it does so: what a killed one left
 * is told from what others put there by this note alone.
 */
export async function announce(repository: string, pending: Pending): Promise<void> {
  await writeWhole(join(repository, fileName), JSON.stringify(pending));
}

/**
 * Removes what a process left that was killed or failed: unfinished files, and announced ones that no index came to
 * name. Files that were not announced are never touched. The caller holds the repository's lock.
 */
export async function sweep(repository: string): Promise<void> {
  await removeUnfinished(repository);
  const data = await readIfThere(join(repository, fileName));
  if (data === undefined) return;
  await removeUnfinished(join(repository, 'keys'));
  for (const [name, files] of Object.entries(parse(data, join(repository, fileName)))) {
    const place = extensionDirectory(repository, name);
    await removeUnfinished(place);
    await removeUnfinished(join(place, 'records'));
    const index = Buffer.from((await readGeneration(place))?.[indexName] ?? '').toString('utf8');
    for (const file of files) {
      if (!index.includes(JSON.stringify(file))) await rm(join(place, file), { force: true });
    }
  }
  await settled(repository);
}

/** Says that everything announced came to be published. */
export async function settled(repository: string): Promise<void> {
  await rm(join(repository, fileName), { force: true });
}

function parse(data: Uint8Array, where: string): Pending {
  const pending: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  for (const [name, files] of Object.entries(pending as Record<string, unknown>)) {
    for (const file of files as unknown[]) {
      const image = String(file).replace(/^records\/(.*)\.json$/, '$1.raw');
      if (parseImageName(name, image) !== undefined) continue;
      throw new SysextError(
        'REPOSITORY_INVALID',
        `${where} names ${JSON.stringify(file)}, which publishing does not make`,
        {
          hint: 'somebody else wrote it; remove it',
        },
      );
    }
  }
  return pending as Pending;
}

/** Under the lock nobody else writes: every unfinished file is one of a process that was killed. */
async function removeUnfinished(directory: string): Promise<void> {
  for (const file of await readdir(directory).catch(() => [])) {
    if (/\.\d+-[0-9a-f]{8}\.tmp$/.test(file)) await rm(join(directory, file), { force: true });
  }
}
