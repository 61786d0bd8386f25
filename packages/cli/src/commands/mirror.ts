import { mirror, readKeyring } from '@sysext/core';
import { bytes, plural, printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface MirrorCommandOptions extends CommonOptions {
  readonly only?: readonly string[];
  readonly keyring?: string;
  readonly baseUrl?: string;
  readonly unsigned?: boolean;
}

/** `sysext mirror`: copies a repository; prints what was fetched. */
export async function mirrorCommand(options: MirrorCommandOptions, source: string, directory: string): Promise<void> {
  await session(options, async (context) => {
    const { only, baseUrl, unsigned } = options;
    const keyring = options.keyring === undefined ? undefined : await readKeyring(options.keyring);
    const report = await mirror(context, { source, directory, only, keyring, baseUrl, unsigned });
    printResult(options.json, report, () =>
      [...report.fetched, `${plural(report.extensions.length, 'extension')}, ${bytes(report.bytes)} fetched`].join(
        '\n',
      ),
    );
  });
}
