import picomatch from 'picomatch';
import type { Recipe } from '../recipe.ts';
import { gatherFacts } from './facts.ts';
import type { Finding } from './rule.ts';
import { rules } from './rules.ts';
import type { Subject } from './subject.ts';

/** Rule name of paths that several extensions ship; see `overlap.ts`. One image by itself has no such finding. */
export const sharedPath = 'shared-path';

/** Rule name of findings about a recipe's `allow` list itself. */
const staleAllowance = 'stale-allowance';

/**
 * All findings about a subject, errors first, then by rule, path and message: the same subject
 * always gives the same list.
 *
 * A finding that the recipe allows becomes a warning with the recipe's reason; an allowance that
 * meets no finding is a finding itself.
 *
 * @throws SysextError only where a file of the tree cannot be read.
 */
export async function lint(subject: Subject): Promise<Finding[]> {
  const facts = await gatherFacts(subject);
  const found = rules.flatMap((rule) =>
    [...rule.check(facts)].map((problem): Finding => ({ rule: rule.name, ...problem })),
  );
  return allow(found, subject.recipe?.allow ?? []).toSorted(byWeight);
}

type Allowance = NonNullable<Recipe['allow']>[number];

function allow(findings: readonly Finding[], allowances: readonly Allowance[]): Finding[] {
  const used = new Set<Allowance>();
  const matchers = allowances.map((allowance) => ({ allowance, matches: picomatch(allowance.path, { dot: true }) }));
  const judged = findings.map((finding): Finding => {
    const hits = matchers.filter(
      ({ allowance, matches }) =>
        allowance.rule === finding.rule && finding.path !== undefined && matches(finding.path),
    );
    for (const { allowance } of hits) used.add(allowance);
    return hits[0] === undefined ? finding : { ...finding, severity: 'warning', allowed: hits[0].allowance.why };
  });
  const unused = allowances.filter((allowance) => !used.has(allowance) && allowance.rule !== sharedPath);
  return [...judged, ...unused.map(stale)];
}

function stale({ rule, path }: Allowance): Finding {
  const known = rules.some(({ name }) => name === rule);
  return {
    rule: staleAllowance,
    severity: 'warning',
    path,
    message: known
      ? `the recipe allows ${rule} here, and there is no such finding`
      : `the recipe allows ${rule}, and there is no such rule`,
    fix: known ? 'delete the entry from "allow"' : 'correct the name of the rule in "allow"',
  };
}

function byWeight(a: Finding, b: Finding): number {
  return (
    compare(a.severity, b.severity) ||
    compare(a.rule, b.rule) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.message, b.message)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
