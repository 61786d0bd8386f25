import { type Extension, type Series, SysextError, readLock, renderTransfer, seriesOf } from '@sysext/core';
import { findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface TransferCommandOptions extends CommonOptions {
  readonly url?: string;
  readonly series?: string;
  /** False with `--no-verify`. */
  readonly verify?: boolean;
}

/** `sysext transfer`: prints the transfer of an extension, or of one of its series. */
export async function transferCommand(target: Extension | string, options: TransferCommandOptions): Promise<void> {
  await session(options, async () => {
    const extension = typeof target === 'string' ? await findExtension(target) : target;
    const series = options.series === undefined ? undefined : await findSeries(extension, options.series);
    const text = renderTransfer(extension.name, {
      baseUrl: checkedUrl(options.url ?? ''),
      verify: options.verify ?? true,
      series,
    });
    printResult(options.json, { transfer: text }, () => text.trimEnd());
  });
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url.href;
  throw new SysextError('USAGE', `url: ${JSON.stringify(text)} is no http or https URL of a repository`, {
    hint: 'for example --url https://sysext.example/',
  });
}

/** The series of that name among those of the locked versions. */
async function findSeries(extension: Extension, name: string): Promise<Series> {
  const versions = Object.keys((await readLock(extension.directory)).versions);
  const all = versions.flatMap((version) => seriesOf(extension.series, version) ?? []);
  const found = all.find((series) => series.name === name);
  if (found !== undefined) return found;
  const known = [...new Set(all.map((series) => series.name))];
  throw new SysextError('USAGE', `${extension.name} has no series ${JSON.stringify(name)}`, {
    hint: known.length === 0 ? 'leave out --series' : `there are: ${known.join(', ')}`,
  });
}
