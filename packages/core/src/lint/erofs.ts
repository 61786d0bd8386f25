import { firstMajorWithErofs } from '../host/flatcar.ts';
import type { Rule } from './rule.ts';

/** Source: the kernel configuration in flatcar/scripts: no erofs on LTS 4081, lz4 alone later. */
export const erofs: Rule = {
  name: 'erofs',
  summary:
    'An erofs image is compressed with lz4, and not meant for LTS 4081; others abort the merge of every extension.',
  *check({ image, pinnedTo }) {
    if (image?.fileSystem !== 'erofs') return;
    const foreign = image.compression
      .split('+')
      .filter((algorithm) => !['none', 'lz4', 'lz4hc', ''].includes(algorithm));
    if (foreign.length > 0) {
      yield {
        severity: 'error',
        message: `erofs with ${foreign.join(' and ')}: no Flatcar kernel mounts it, which aborts the merge of every extension on the host`,
        fix: 'use squashfs, or erofs with lz4hc',
      };
    } else if (pinnedTo === undefined || Number.parseInt(pinnedTo, 10) < firstMajorWithErofs) {
      yield {
        severity: 'warning',
        message: 'erofs: hosts on LTS 4081 cannot mount it, which aborts the merge of every extension there',
        fix: 'use squashfs, unless no host on LTS 4081 gets the image',
      };
    }
  },
};
