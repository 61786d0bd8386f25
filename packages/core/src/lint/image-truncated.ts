import type { Rule } from './rule.ts';

export const imageTruncated: Rule = {
  name: 'image-truncated',
  summary: 'The image file is as long as its file system says; a shorter one aborts the merge of every extension.',
  *check({ image }) {
    if (image === undefined) return;
    const needed = image.offset + image.bytesUsed;
    if (image.size > 0 && needed <= image.size) return;
    yield {
      severity: 'error',
      message: `${image.size === 0 ? 'the file is empty' : `the file has ${image.size} bytes, its file system needs ${needed}`}: it aborts the merge of every extension on the host`,
      fix: 'build or fetch it again, and compare it with SHA256SUMS',
    };
  },
};
