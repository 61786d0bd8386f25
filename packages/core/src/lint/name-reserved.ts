import type { Rule } from './rule.ts';

/** True for the names of images that Flatcar itself puts on hosts (flatcar/bootengine). */
export function isReservedName(name: string): boolean {
  return name.startsWith('flatcar-') || name.startsWith('oem-') || name.endsWith('-flatcar');
}

export const nameReserved: Rule = {
  name: 'name-reserved',
  summary: "No extension takes a name of Flatcar's own images: flatcar-*, oem-*, *-flatcar.",
  *check({ name }) {
    if (!isReservedName(name)) return;
    yield {
      severity: 'error',
      message: `the name ${JSON.stringify(name)} is of a form that Flatcar uses: an image of Flatcar's takes its place, or it takes theirs`,
      fix: 'rename the extension, its release file and its link',
    };
  },
};
