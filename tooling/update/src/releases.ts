import { type Release, describeHost } from '@sysext/test-host';

/** systemd 257, as in Flatcar's stable, and a newer one than Flatcar has. */
export const releases = ['trixie', 'forky'] as const satisfies readonly Release[];

/** Tests of what hosts do, on each release of systemd there is. */
export function describeReleases(name: string, fn: (release: Release) => void): void {
  for (const release of releases) describeHost(`on ${release}, ${name}`, () => fn(release));
}
