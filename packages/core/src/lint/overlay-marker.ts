import { baseName } from '../image-path.ts';
import type { Rule } from './rule.ts';

/** Source: Documentation/filesystems/overlayfs.rst of the kernel; `.wh.` is the form of aufs and OCI layers. */
export const overlayMarker: Rule = {
  name: 'overlay-marker',
  summary: 'Nothing in an image deletes or hides files of the host: whiteouts and opaque directories are honoured.',
  *check({ tree }) {
    for (const [path, entry] of tree) {
      const attribute = entry.xattrs.find((name) => /^(?:trusted|user)\.overlay\./.test(name));
      const marker =
        attribute ??
        (entry.type === 'character-device' && entry.major === 0 && entry.minor === 0 ? 'a 0:0 device' : undefined) ??
        (baseName(path).startsWith('.wh.') ? 'a whiteout file' : undefined);
      if (marker === undefined) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `carries ${marker}: once merged, it deletes or hides what the host has here`,
        fix: 'build from a plain directory or archive, not from the upper layer of an overlay',
      };
    }
  },
};
