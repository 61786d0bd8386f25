import { readFile } from 'node:fs/promises';
import { SysextError } from '@sysext/core';
import { parse } from 'yaml';

/** Parameters of an extension, nested. */
export interface Parameters {
  [name: string]: unknown;
}

/**
 * Adds what `--set` says to parameters: `name=value`, where a dot in the name leads into a nested one, and a value
 * `@FILE` is the text of that file.
 *
 * @throws SysextError `USAGE`.
 */
export async function assign(parameters: Parameters, assignments: readonly string[]): Promise<void> {
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const path = assignment.slice(0, Math.max(at, 0)).split('.');
    if (at < 0 || !path.every((part) => /^[A-Za-z0-9][\w-]*$/.test(part))) {
      throw usage(`--set ${assignment}`, 'is not of the form name=value');
    }
    let inner = parameters;
    for (const part of path.slice(0, -1)) {
      if (!Object.hasOwn(inner, part)) inner[part] = {};
      const next = inner[part];
      if (!isMapping(next)) throw usage(`--set ${assignment}`, `goes into ${part}, which has a value already`);
      inner = next;
    }
    const value = assignment.slice(at + 1);
    inner[path.at(-1)!] = value.startsWith('@') ? await readText(value.slice(1)) : value;
  }
}

/**
 * Reads parameters from a file, YAML or JSON.
 *
 * @throws SysextError `USAGE`.
 */
export async function readParameters(file: string): Promise<Parameters> {
  let found: unknown;
  try {
    found = parse(await readText(file));
  } catch (error) {
    if (error instanceof SysextError) throw error;
    throw usage(file, `is neither YAML nor JSON: ${(error as Error).message}`);
  }
  if (!isMapping(found)) throw usage(file, 'holds no parameters by name');
  return found;
}

async function readText(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(file, `cannot be read: ${(error as Error).message}`);
  });
}

function isMapping(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function usage(what: string, why: string): SysextError {
  return new SysextError('USAGE', `${what} ${why}`, { hint: '--set name=value, --set name=@FILE, --params FILE.yaml' });
}
