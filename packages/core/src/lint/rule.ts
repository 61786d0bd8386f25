import type { Facts } from './facts.ts';

/** `error`: a build refuses the image. `warning`: a person should look at it. */
export type Severity = 'error' | 'warning';

/** What a rule says about one place. */
export interface Problem {
  readonly severity: Severity;
  /** Path in the image, with a leading slash; absent when the image as a whole is meant. */
  readonly path?: string | undefined;
  /** What is wrong here and what it does to a host. */
  readonly message: string;
  /** What to change. */
  readonly fix: string;
}

/** A problem with the name of its rule. */
export interface Finding extends Problem {
  readonly rule: string;
  /** The recipe's reason for letting it be; such a finding is a warning. */
  readonly allowed?: string | undefined;
}

/** One thing that has broken hosts before. */
export interface Rule {
  /** Stable name, as recipes use it in `allow`. */
  readonly name: string;
  /** One line for `docs/lint.md`: what it looks for, and why. */
  readonly summary: string;
  /** All problems, not just the first. */
  check(facts: Facts): Iterable<Problem>;
}
