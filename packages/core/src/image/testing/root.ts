import type { TestContext } from 'vitest';

/** Skips a test that needs root where there is none; CI has it, or fails. */
export function needsRoot(context: TestContext): void {
  if (process.getuid?.() !== 0 && process.env['CI'] === undefined) context.skip('needs root');
}
