import { performance } from 'node:perf_hooks';

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Wall time of a piece of work, in milliseconds. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** How often each side of a comparison is measured. */
export const rounds = 5;

/** Two pieces of work measured in turn, so that a machine that slows down slows both. */
export interface Paired {
  /** Medians, in milliseconds. */
  readonly ours: number;
  readonly theirs: number;
  /** Median of the ratios pair by pair. */
  readonly ratio: number;
}

/** Measures two pieces of work after a warm-up of each. */
export async function pair(ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<Paired> {
  await ours();
  await theirs();
  const pairs: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await time(ours), theirs: await time(theirs) });
  return {
    ours: median(pairs.map((each) => each.ours)),
    theirs: median(pairs.map((each) => each.theirs)),
    ratio: median(pairs.map((each) => each.ours / each.theirs)),
  };
}
