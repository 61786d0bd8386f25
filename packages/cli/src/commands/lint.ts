import { stat } from 'node:fs/promises';
import { styleText } from 'node:util';
import {
  type Arch,
  type Checked,
  type Context,
  type Finding,
  SysextError,
  checkCatalogue,
  checkDirectory,
  checkExtension,
  checkImage,
  exitCodes,
} from '@sysext/core';
import { findAll, findExtension } from '../find.ts';
import { plural, printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { chosenArches } from './build.ts';

export interface LintCommandOptions extends CommonOptions {
  readonly version?: string;
  readonly arch?: Arch | 'all';
  readonly name?: string;
  readonly all?: boolean;
}

/** `sysext lint`: all findings; the exit status of LINT_FAILED when one of them is an error. */
export async function lintCommand(options: LintCommandOptions, target?: string): Promise<void> {
  await session(options, async (context) => {
    const checked = await chosen(context, target, options);
    printResult(options.json, checked, () => checked.map(render).join('\n\n'));
    const failed = checked.some(({ findings }) => findings.some(({ severity }) => severity === 'error'));
    return failed ? exitCodes.LINT_FAILED : 0;
  });
}

async function chosen(
  context: Context,
  target: string | undefined,
  options: LintCommandOptions,
): Promise<readonly Checked[]> {
  if (target !== undefined && options.all !== true) return await check(context, target, options);
  if (target === undefined && options.all === true) return await checkCatalogue(await findAll());
  throw new SysextError('USAGE', 'lint takes an image, a directory or an extension, or else --all', {
    hint: 'sysext lint etcd, or sysext lint --all',
  });
}

/** An image or directory of that name, or else the extension. A directory that holds a recipe is an extension. */
async function check(context: Context, target: string, options: LintCommandOptions): Promise<Checked[]> {
  const found = await stat(target).catch(() => undefined);
  if (found?.isFile() === true) return [await checkImage(context, target, options.name)];
  if (found?.isDirectory() === true && target.includes('/')) {
    const extension = await findExtension(target).catch((error: unknown) => {
      if (error instanceof SysextError && error.code === 'UNKNOWN_EXTENSION') return undefined;
      throw error;
    });
    if (extension === undefined) return [await checkDirectory(target, options.name)];
  }
  const extension = await findExtension(target);
  const arches = chosenArches(options.arch, extension);
  return await checkExtension(context, extension, { version: options.version, arches });
}

function render({ subject, findings }: Checked): string {
  const count = (severity: Finding['severity']): number =>
    findings.filter((found) => found.severity === severity).length;
  const errors = count('error');
  const summary = `${subject}: ${plural(errors, 'error')}, ${plural(count('warning'), 'warning')}`;
  return [...findings.map(renderFinding), styleText(errors > 0 ? 'red' : 'green', summary)].join('\n');
}

function renderFinding({ rule, severity, path, message, fix, allowed }: Finding): string {
  const head = styleText(severity === 'error' ? 'red' : 'yellow', severity);
  const place = path === undefined ? '' : ` ${path}`;
  const last = allowed === undefined ? `  fix: ${fix}` : `  allowed by the recipe: ${allowed}`;
  return `${head} ${styleText('bold', rule)}${place}\n  ${message}\n${last}`;
}
