import { type Extension, listVersions, readLock } from '@sysext/core';
import { findExtension } from '../find.ts';
import { printResult, table } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext versions`: upstream's releases, and which of them are locked. */
export async function versionsCommand(
  target: Extension | string,
  options: CommonOptions & { readonly limit?: number },
): Promise<void> {
  await session(options, async (context) => {
    const extension = typeof target === 'string' ? await findExtension(target) : target;
    const lock = await readLock(extension.directory);
    const { versions, refused } = await listVersions(context, extension.versions);
    if (refused.length > 0) {
      context.onEvent({
        type: 'warning',
        message: `${refused.length} tags of upstream are no publishable versions: ${refused.map((tag) => JSON.stringify(tag)).join(', ')}`,
      });
    }
    const shown = versions.slice(0, options.limit).map(({ version, date }) => ({
      version,
      date,
      locked: Object.hasOwn(lock.versions, version),
      default: version === lock.default,
    }));
    printResult(options.json, shown, () =>
      table(
        shown.map((row) => [row.version, row.date ?? '', row.default ? 'locked, default' : row.locked ? 'locked' : '']),
      ),
    );
  });
}
