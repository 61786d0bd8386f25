import { styleText } from 'node:util';
import { exitCodes, readKeyring, verifyRepository } from '@sysext/core';
import { findExtension } from '../find.ts';
import { bytes, printResult, plural } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface VerifyCommandOptions extends CommonOptions {
  readonly keyring?: string;
  readonly indexOnly?: boolean;
  readonly rebuild?: boolean;
}

/** `sysext verify`: checks all that a repository serves; prints what is wrong with it. */
export async function verifyCommand(options: VerifyCommandOptions, source: string): Promise<void> {
  await session(options, async (context) => {
    const report = await verifyRepository(context, {
      source,
      keyring: options.keyring === undefined ? undefined : await readKeyring(options.keyring),
      indexOnly: options.indexOnly,
      recipes: options.rebuild === true ? async (name) => await findExtension(name) : undefined,
    });
    const { problems, extensions, versions, images } = report;
    printResult(options.json, report, () =>
      [
        ...problems.map(
          ({ path, message }) => `${styleText('red', 'problem')} ${styleText('bold', path)}\n  ${message}`,
        ),
        styleText(
          problems.length > 0 ? 'red' : 'green',
          `${source}: ${plural(problems.length, 'problem')}; ${plural(extensions, 'extension')}, ${plural(versions, 'version')}, ${plural(images, 'image')}, ${bytes(report.bytes)} of them read`,
        ),
      ].join('\n'),
    );
    return problems.length > 0 ? exitCodes.VERIFY_FAILED : 0;
  });
}
