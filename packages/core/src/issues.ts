import type * as z from 'zod';

/** The problems a schema found, one line each: `where: what`. */
export function describeIssues(error: z.ZodError, document: string): string[] {
  return error.issues
    .flatMap((issue) => describe(issue, []))
    .map(({ path, what }) => `${path.join('.') || document}: ${what}`);
}

interface Described {
  readonly path: readonly PropertyKey[];
  readonly what: string;
}

/** An issue in a record's key, or in each member of a union, is told by the issues inside it. */
function describe(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Described[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, what: message }));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The alternative that came furthest is the one that was meant.
    const depth = (issues: readonly z.core.$ZodIssue[]): number =>
      Math.max(...issues.map((inner) => inner.path.length));
    const meant = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0]!;
    return meant.flatMap((inner) => describe(inner, path));
  }
  return [{ path, what: issue.message }];
}
