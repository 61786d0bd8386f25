import { flatcarExtensions } from '../host/flatcar.ts';
import { compareVersions } from '../version.ts';
import type { Rule } from './rule.ts';

/**
 * Names are ordered as versions are, and the last one is on top (systemd-sysext(8)). A recipe that
 * declares the conflict makes whoever installs it disable Flatcar's image, or install it elsewhere.
 */
export const flatcarExtensionFile: Rule = {
  name: 'flatcar-extension-file',
  summary:
    "Files that images of Flatcar's own also have (docker, containerd, chrony on Azure and STACKIT) are shipped only by images that are not merged beside those.",
  *check({ tree, name, recipe }) {
    for (const [extension, paths] of flatcarExtensions) {
      if (name === extension || recipe?.conflicts?.includes(extension)) continue;
      const wins = compareVersions(name, extension) > 0;
      for (const path of paths) {
        if (!tree.has(path)) continue;
        yield {
          severity: recipe === undefined ? 'warning' : 'error',
          path: `/${path}`,
          message: wins
            ? `hides the file of ${extension}, whose other files stay: a mixture of two versions`
            : `is hidden by the file of ${extension}, whose name sorts later: the host runs Flatcar's version`,
          fix: `declare conflicts: ['${extension}'], so that nobody merges both, or "leave" the file out`,
        };
      }
    }
  },
};
