import type { Rule } from './rule.ts';

/** What mksquashfs and mkfs.erofs pad to unless told otherwise. */
const page = 4096;

export const imagePadding: Rule = {
  name: 'image-padding',
  summary: 'The image is padded to whole pages; a loop device leaves out the rest of an unfinished block.',
  *check({ image }) {
    if (image === undefined || image.partitions !== undefined || image.size % page === 0) return;
    if (image.fileSystem !== 'squashfs' && image.fileSystem !== 'erofs') return;
    yield {
      severity: 'error',
      message: `${image.size} bytes are no multiple of ${page}: a host may fail to read the end, which aborts the merge of every extension`,
      fix: 'make the image without -nopad',
    };
  },
};
