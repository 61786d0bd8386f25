import { inspect, styleText } from 'node:util';
import { SysextError } from '@sysext/core';
import prettyBytes from 'pretty-bytes';

/** `19.5 MB`, in powers of 1000. */
export function bytes(count: number): string {
  return prettyBytes(count);
}

/** Writes a result to standard output: the text for people, or the value as JSON. */
export function printResult(json: boolean | undefined, value: unknown, text: () => string): void {
  const said = json === true ? JSON.stringify(value, undefined, 2) : text();
  process.stdout.write(said === '' || said.endsWith('\n') ? said : `${said}\n`);
}

/** Columns, padded to the longest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A headed, indented block. */
export function section(title: string, body: string): string {
  return `\n${styleText('bold', title)}\n${body.replaceAll(/^/gm, '  ')}`;
}

/**
 * Writes an error to standard error and returns the exit status it stands for. An error that is
 * not one of ours is a fault of this program and is shown with its stack.
 */
export function printError(error: unknown, json: boolean): number {
  if (!(error instanceof SysextError)) {
    process.stderr.write(
      `${inspect(error)}\nThis is a fault of sysext itself; please report it with the lines above.\n`,
    );
    return 70;
  }
  const { code, message, hint, data, exitCode } = error;
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: { code, exitCode, message, hint, data } }, undefined, 2)}\n`);
    return exitCode;
  }
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    styleText(style, text, { stream: process.stderr });
  process.stderr.write(`${paint('red', 'error')} ${message}\n`);
  if (hint !== undefined) process.stderr.write(`${paint('cyan', ' hint')} ${hint}\n`);
  return exitCode;
}

/** `1 error`, `2 errors`. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
