import picomatch from 'picomatch';
import { parentsOf } from './image-path.ts';
import { sharedPath } from './lint/lint.ts';
import type { Finding } from './lint/rule.ts';
import type { Recipe } from './recipe.ts';

/** An extension, and the paths of its image that are no directories, with a leading slash. */
export interface Occupant {
  readonly recipe: Pick<Recipe, 'name' | 'allow' | 'conflicts'>;
  readonly paths: readonly string[];
}

/**
 * The paths that several extensions ship, be it as a directory of one of them, by path: on a host that merges them, the image whose name sorts last hides
 * the others' files (systemd-sysext(8)).
 *
 * Two that are never merged together, since one of them `conflicts` with the other, may share paths. A path that one
 * of them allows (rule `shared-path`) is a warning; every other one is an error.
 */
export function findOverlaps(occupants: readonly Occupant[]): Finding[] {
  const owners = new Map<string, Occupant[]>();
  for (const occupant of occupants) {
    for (const path of occupant.paths) owners.set(path, [...(owners.get(path) ?? []), occupant]);
  }
  const directories = new Map<string, Set<Occupant>>();
  for (const occupant of occupants) {
    for (const parent of occupant.paths.flatMap(parentsOf).filter((each) => owners.has(each))) {
      directories.set(parent, (directories.get(parent) ?? new Set()).add(occupant));
    }
  }
  const used = new Set<object>();
  const findings: Finding[] = [];
  for (const [path, all] of [...owners].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const inside = [...(directories.get(path) ?? [])].filter((occupant) => !all.includes(occupant));
    for (const [one, other] of [
      ...pairsOf(all),
      ...all.flatMap((one) => inside.map((other) => [one, other] as const)),
    ]) {
      if (excludes(one, other) || excludes(other, one)) continue;
      const allowances = [one, other].flatMap((occupant) => allowancesAt(occupant, path));
      for (const allowance of allowances) used.add(allowance);
      findings.push({
        rule: sharedPath,
        severity: allowances[0] === undefined ? 'error' : 'warning',
        path,
        message: `${one.recipe.name} and ${other.recipe.name} have it, and a host that merges both sees one of them`,
        fix: 'install it under another name, or declare the conflict; where sharing is meant, say why under "allow"',
        ...(allowances[0] === undefined ? {} : { allowed: allowances[0].why }),
      });
    }
  }
  return [...findings, ...occupants.flatMap((occupant) => staleOf(occupant, used))];
}

type Allowance = NonNullable<Recipe['allow']>[number];

const allowancesOf = ({ recipe }: Occupant): Allowance[] =>
  (recipe.allow ?? []).filter(({ rule }) => rule === sharedPath);

const allowancesAt = (occupant: Occupant, path: string): Allowance[] =>
  allowancesOf(occupant).filter((allowance) => picomatch.isMatch(path, allowance.path, { dot: true }));

const excludes = (one: Occupant, other: Occupant): boolean =>
  one.recipe.conflicts?.includes(other.recipe.name) === true;

function pairsOf<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]));
}

function staleOf(occupant: Occupant, used: ReadonlySet<object>): Finding[] {
  return allowancesOf(occupant)
    .filter((allowance) => !used.has(allowance))
    .map(({ path }) => ({
      rule: 'stale-allowance',
      severity: 'warning',
      path,
      message: `${occupant.recipe.name} allows ${sharedPath} here, and no other extension ships such a path`,
      fix: 'delete the entry from "allow"',
    }));
}
