import { glibcMarkers, osTargetOf } from '../host/flatcar.ts';
import { compareVersions } from '../version.ts';
import { bringsOwnGlibc } from './facts/loading.ts';
import type { Rule } from './rule.ts';

/** Symbol versions as in the Linux Standard Base; `GLIBC_PRIVATE` belongs to one build of glibc. */
export const glibcTooNew: Rule = {
  name: 'glibc-too-new',
  summary: "Programs need no newer glibc than the oldest host's; with a newer one they do not start there.",
  *check(facts) {
    const target = osTargetOf(facts.pinnedTo);
    for (const [path, elf] of facts.elves) {
      if (bringsOwnGlibc(facts, path, elf)) continue;
      const wanted = [...elf.versions.values()].flat().filter((version) => version.startsWith('GLIBC_'));
      const tooNew = wanted.filter((version) => !isIn(target.glibc, version)).toSorted(compareVersions);
      if (tooNew.length === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `needs ${tooNew.at(-1)}; ${target.channel} ${target.major} has glibc ${target.glibc}: it does not start there`,
        fix: 'take a static build or one made against an older glibc, or pin the image to a newer release (--os flatcar:VERSION_ID)',
      };
    }
  },
};

/** True when that release of glibc has the symbol version. */
function isIn(glibc: string, version: string): boolean {
  const release = /^GLIBC_(\d+\.[\d.]+)$/.exec(version)?.[1] ?? glibcMarkers[version];
  return release !== undefined && compareVersions(release, glibc) <= 0;
}
