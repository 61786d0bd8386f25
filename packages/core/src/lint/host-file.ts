import { hostFile, someHostFile } from '../host/inventory.ts';
import type { Rule } from './rule.ts';

/** Flatcar keeps its own data in `usr/share/flatcar` and `usr/lib/flatcar`. */
const reserved = /^usr\/(?:share|lib)\/flatcar\/(?!dockerd$)/;

export const hostFileReplaced: Rule = {
  name: 'host-file',
  summary: "An image replaces no file of the host: everything on the host would use the image's copy.",
  *check({ tree }) {
    for (const [path, { type }] of tree) {
      if (type === 'directory') continue;
      const owner = hostFile(path) ?? someHostFile(path) ?? (reserved.test(path) ? 'Flatcar' : undefined);
      if (owner === undefined) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `replaces the host's own file (${owner}) for every program on the host`,
        fix: '"leave" it out, or install it under another name; where replacing is the point, say why under "allow"',
      };
    }
  },
};
