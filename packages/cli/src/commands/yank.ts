import { yank } from '@sysext/core';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { type RepositoryOptions, repositorySettings } from '../settings.ts';

export interface YankCommandOptions extends CommonOptions, RepositoryOptions {
  readonly reason: string;
}

/** `sysext yank`: takes a version out of what hosts are offered. */
export async function yankCommand(options: YankCommandOptions, extension: string, version: string): Promise<void> {
  await session(options, async (context) => {
    const { repository, signer } = await repositorySettings(context, options);
    const { reason } = options;
    const yanked = await yank(context, { repository, signer, extension, version, reason });
    printResult(options.json, { extension, ...yanked, reason }, () =>
      yanked.changed ? `yanked ${extension} ${yanked.version}` : `${extension} ${yanked.version} was yanked before`,
    );
  });
}
