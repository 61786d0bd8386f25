import type { Severity } from '../rule.ts';
import type { Subject } from '../subject.ts';

/** One subject, and everything lint has to say about it. */
export interface Case {
  /** The rule that the case is about. */
  readonly rule: string;
  readonly when: string;
  readonly subject: Subject;
  /**
   * Severity and path (without leading slash) of all findings, of all rules; `rule: path` for a
   * finding of another rule, `image` for one without a path. None when the subject is in order.
   */
  readonly findings: readonly (readonly [Severity, where: string])[];
}

/** Writes a {@link Case} in one line. */
export function on(rule: string, when: string, subject: Subject, ...findings: Case['findings']): Case {
  return { rule, when, subject, findings };
}
