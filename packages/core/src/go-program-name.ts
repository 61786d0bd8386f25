/**
 * The name that Go gives the program of a main package: the last element of its import path, or the one before when the
 * last is a major version (`go help build`).
 */
export function goProgramName(main: string): string {
  const parts = main.split('/');
  const last = parts.at(-1)!;
  return /^v[2-9]\d*$|^v1\d+$/.test(last) && parts.length > 1 ? parts.at(-2)! : last;
}
