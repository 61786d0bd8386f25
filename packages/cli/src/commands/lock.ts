import { type Extension, lockVersion } from '@sysext/core';
import { findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext lock`: pins a version, and says what each pin was checked against. */
export async function lockCommand(
  target: Extension | string,
  options: CommonOptions & { readonly with?: Record<string, string>; readonly default?: boolean },
  version: string,
): Promise<void> {
  await session(options, async (context) => {
    const extension = typeof target === 'string' ? await findExtension(target) : target;
    const report = await lockVersion(context, extension, version, {
      companions: options.with,
      makeDefault: options.default,
    });
    printResult(
      options.json,
      report,
      () => `locked ${extension.name} ${report.version}\n${report.notes.map((note) => `  ${note}`).join('\n')}`,
    );
  });
}
