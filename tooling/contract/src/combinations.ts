import type { Extension } from '@sysext/core';

/**
 * The largest sets of extensions of which none declares a conflict with another: every other set without a conflict is
 * a part of one of them.
 */
export function combinationsOf(extensions: readonly Extension[]): Extension[][] {
  const pair = conflicting(extensions);
  if (pair === undefined) return [[...extensions]];
  const [one, other] = pair.map((left) => combinationsOf(extensions.filter((extension) => extension !== left)));
  return [...one!, ...other!.filter((set) => !one!.some((larger) => set.every((each) => larger.includes(each))))];
}

function conflicting(extensions: readonly Extension[]): [Extension, Extension] | undefined {
  for (const one of extensions) {
    const other = extensions.find(({ name }) => one.conflicts?.includes(name));
    if (other !== undefined) return [one, other];
  }
  return undefined;
}
