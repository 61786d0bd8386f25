import { relative } from 'node:path';
import { SysextError, type UpdateReport, describeChange, exitCodes, updateExtensions } from '@sysext/core';
import { findAll, findButane, findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface UpdateCommandOptions extends CommonOptions {
  readonly all?: boolean;
  readonly with?: Record<string, string>;
  readonly dryRun?: boolean;
}

/** `sysext update`: with `--all`, the exit status of UPSTREAM_FAILED when an extension failed. */
export async function updateCommand(options: UpdateCommandOptions, name?: string, version?: string): Promise<void> {
  await session(options, async (context) => {
    const extensions = await chosen(options, name);
    const targets = await Promise.all(
      extensions.map(async (extension) => ({ extension, butane: await findButane(extension) })),
    );
    const { dryRun, with: companions } = options;
    const { updates, failures } = await updateExtensions(context, targets, { version, companions, dryRun });
    if (options.all !== true && failures.length > 0) throw failures[0]!.error;
    for (const { extension, error } of failures) {
      context.onEvent({ type: 'warning', message: `${extension}: ${error.message}`, hint: error.hint });
    }
    const json = {
      updates,
      failures: failures.map(({ extension, error: { code, message, hint } }) => ({ extension, code, message, hint })),
    };
    printResult(options.json, json, () => render(updates, options));
    return failures.length > 0 ? exitCodes.UPSTREAM_FAILED : 0;
  });
}

async function chosen({ all, with: companions }: UpdateCommandOptions, name: string | undefined) {
  if (name !== undefined && all !== true) return [await findExtension(name)];
  if (name === undefined && all === true && companions === undefined) return await findAll();
  throw new SysextError(
    'USAGE',
    'update takes the name of an extension, or else --all and neither version nor --with',
    {
      hint: 'sysext update etcd, or sysext update --all',
    },
  );
}

function render(updates: readonly UpdateReport[], { all, dryRun }: UpdateCommandOptions): string {
  const shown = updates.filter(({ files, newSeries }) => all !== true || files.length > 0 || newSeries.length > 0);
  const blocks = shown.map((update) => renderOne(update, dryRun === true));
  return blocks.length === 0 ? 'nothing to update' : blocks.join('\n');
}

function renderOne({ extension, changes, newSeries, notes, files }: UpdateReport, dryRun: boolean): string {
  return [
    ...(changes.length === 0 ? [`${extension}: nothing to update`] : changes.map(describeChange)),
    ...newSeries.map(
      ({ series, newest }) => `  a new series, ${series}: sysext update ${extension} ${newest} takes it`,
    ),
    ...notes.map((note) => `  ${note}`),
    ...files.map((file) => `  ${dryRun ? 'would write' : 'wrote'} ${relative('.', file)}`),
  ].join('\n');
}
