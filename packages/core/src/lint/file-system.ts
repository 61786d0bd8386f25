import type { Rule } from './rule.ts';

/** What Flatcar's squashfs module decompresses; `lzma` is the form from before kernel 2.6.38. */
const squashfs: ReadonlySet<string> = new Set(['gzip', 'lzo', 'xz', 'lz4', 'zstd']);

export const fileSystem: Rule = {
  name: 'file-system',
  summary: 'An image is of a file system that hosts mount; anything else aborts the merge of every extension.',
  *check({ image }) {
    if (image === undefined || image.size === 0) return;
    const { fileSystem: found, compression } = image;
    const problem =
      found === 'unknown'
        ? 'the file holds no file system that hosts know'
        : found === 'squashfs' && !squashfs.has(compression)
          ? `squashfs with ${compression || 'an unknown compression'}: no Flatcar kernel mounts it`
          : undefined;
    if (problem === undefined) return;
    yield {
      severity: 'error',
      message: `${problem}, which aborts the merge of every extension on the host`,
      fix: 'make it a squashfs compressed with zstd',
    };
  },
};
