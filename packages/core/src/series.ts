import { imageVersion } from './version.ts';

/** Versions of an extension that a host may follow without crossing into the next ones. */
export interface Series {
  /** `3.5` */
  readonly name: string;
  /** What the versions of its images begin with: `v3.5.` */
  readonly prefix: string;
}

/** Why `pattern` cannot tell the series of a version, or `undefined` when it can. */
export function seriesProblem(pattern: string): string | undefined {
  try {
    const groups = new RegExp(`${pattern}|`).exec('')!.length - 1;
    if (groups !== 1) return `it has ${groups} groups instead of one`;
  } catch (error) {
    return (error as Error).message;
  }
  return pattern.startsWith('^') ? undefined : 'it does not begin with ^';
}

/**
 * The series that a version belongs to, by the recipe's pattern; `undefined` for a recipe without
 * series, and for a version that belongs to none.
 */
export function seriesOf(pattern: string | undefined, version: string): Series | undefined {
  const match = pattern === undefined ? null : new RegExp(pattern).exec(version);
  const name = match?.[1];
  if (match === null || name === undefined || !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name)) return undefined;
  return { name, prefix: imageVersion({ version: match[0], revision: 0 }) };
}
