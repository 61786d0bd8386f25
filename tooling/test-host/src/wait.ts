import { setTimeout as pause } from 'node:timers/promises';

export interface Waiting {
  /** Milliseconds after which to give up. */
  readonly timeout: number;
  /** Milliseconds between two probes. */
  readonly interval: number;
}

/**
 * Calls `probe` until it returns something other than undefined, and resolves with that;
 * resolves with undefined when the time is up. For what nothing can be subscribed to.
 */
export async function until<T>(
  { timeout, interval }: Waiting,
  probe: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) return undefined;
    await pause(interval);
  }
}
