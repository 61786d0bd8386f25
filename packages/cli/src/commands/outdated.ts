import { type Outdated, type OutdatedReport, type Revised, SysextError, exitCodes, findOutdated } from '@sysext/core';
import { findAll, findExtension } from '../find.ts';
import { plural, printResult, table } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext outdated`: the exit status of UPSTREAM_FAILED when an upstream failed, 0 whatever is outdated. */
export async function outdatedCommand(options: CommonOptions, ...names: string[]): Promise<void> {
  await session(options, async (context) => {
    const extensions =
      names.length === 0 ? await findAll() : await Promise.all(names.map((name) => findExtension(name)));
    if (extensions.length === 0) throw new SysextError('UNKNOWN_EXTENSION', 'there are no extensions here');
    const report = await findOutdated(context, extensions);
    const { failures, refused } = report;
    for (const { extension, program, names: tags } of refused) {
      const message = `${label(extension, program)}: ${plural(tags.length, 'tag')} of upstream that can be no version: ${some(tags)}`;
      context.onEvent({ type: 'warning', message });
    }
    for (const { extension, program, error } of failures) {
      context.onEvent({ type: 'warning', message: `${label(extension, program)}: ${error.message}`, hint: error.hint });
    }
    printResult(options.json, asJson(report), () => render(report));
    return failures.length > 0 ? exitCodes.UPSTREAM_FAILED : 0;
  });
}

function asJson({ failures, ...report }: OutdatedReport): object {
  return {
    ...report,
    failures: failures.map(({ error: { code, message, hint }, ...named }) => ({ ...named, code, message, hint })),
  };
}

function render({ outdated, revised, failures, programs }: OutdatedReport): string {
  const tables = [
    [['EXTENSION', 'PROGRAM', 'SERIES', 'LOCKED', 'NEWEST', 'RELEASED', 'BESIDE'], ...outdated.map(row)],
    [['EXTENSION', 'PROGRAM', 'VERSION', 'PACKAGE', 'LOCKED', 'NEW REVISION', 'BESIDE'], ...revised.flatMap(rows)],
  ];
  const shown = tables.filter(({ length }) => length > 1).map(table);
  if (shown.length > 0) return shown.join('\n\n');
  return failures.length === 0
    ? `the newest of ${plural(programs, 'program')} is locked`
    : `nothing newer of the ${programs - failures.length} programs whose upstreams answered`;
}

function row({ extension, program, series = '', locked = '-', newest, date = '', beside = [] }: Outdated): string[] {
  return [extension, program, series, locked, newest, date, beside.join(' ')];
}

/** A line for each package. */
function rows({ extension, program, version, packages, beside = '' }: Revised): string[][] {
  return packages.map(({ name, from = '-', to = '-' }) => [extension, program, version, name, from, to, beside]);
}

const label = (extension: string, program: string): string =>
  extension === program ? extension : `${extension}, ${program}`;

/** The first names of many, as they would stand in source text: a tag may hold anything. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name));
  return [...shown, ...(names.length > shown.length ? ['…'] : [])].join(', ');
}
