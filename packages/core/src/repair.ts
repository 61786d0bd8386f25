import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { reportDamage } from './fetch.ts';

/** More damaged entries than this in one build are a broken disk. */
const maxRepairs = 8;

/**
 * Does something with the contents of the cache. Where an entry turns out to be damaged, it is
 * removed with a warning, and the work is done again with a new one.
 *
 * @throws SysextError `CACHE_DAMAGED` when offline, or when the disk keeps damaging what is stored.
 */
export async function repairing<T>(context: Context, work: () => Promise<T>): Promise<T> {
  for (let repairs = 0; ; repairs++) {
    try {
      return await work();
    } catch (error) {
      const digest = damagedEntry(error);
      if (digest === undefined || repairs === maxRepairs || (await context.cache.sizeOf(digest)) === undefined)
        throw error;
      await context.cache.remove(digest);
      reportDamage(context, (error as SysextError).message.split(':', 1)[0]!, digest);
    }
  }
}

function damagedEntry(error: unknown): string | undefined {
  if (!(error instanceof SysextError) || error.code !== 'CACHE_DAMAGED') return undefined;
  return (error.data as { readonly sha256?: string } | undefined)?.sha256;
}
