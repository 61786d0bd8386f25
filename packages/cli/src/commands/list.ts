import { readLock } from '@sysext/core';
import { findAll } from '../find.ts';
import { printResult, table } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext list`: every extension that can be built from here. */
export async function listCommand(options: CommonOptions): Promise<void> {
  await session(options, async () => {
    const extensions = await Promise.all(
      (await findAll()).map(async ({ name, summary, licence, homepage, directory, ...recipe }) => {
        const lock = await readLock(directory);
        return {
          name,
          default: lock.default,
          versions: Object.keys(lock.versions),
          architectures: recipe.architectures,
          summary,
          licence,
          homepage,
        };
      }),
    );
    printResult(options.json, extensions, () =>
      table([
        ['NAME', 'DEFAULT', 'LOCKED', 'SUMMARY'],
        ...extensions.map(({ name, default: chosen = '-', versions, summary }) => [
          name,
          chosen,
          String(versions.length),
          summary,
        ]),
      ]),
    );
  });
}
