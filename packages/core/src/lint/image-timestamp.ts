import type { Rule } from './rule.ts';

/** Says nothing about the times of the files; the builder of this project fixes both. */
export const imageTimestamp: Rule = {
  name: 'image-timestamp',
  summary: 'The image does not carry the time of its build: hosts would download an update that changes nothing.',
  *check({ image }) {
    if (image === undefined || image.createdAt === 0) return;
    if (image.fileSystem !== 'squashfs' && image.fileSystem !== 'erofs') return;
    yield {
      severity: 'warning',
      message: `the file system says it was made on ${isoDate(image.createdAt)}: unless that time is fixed, every build differs`,
      fix: 'build with SOURCE_DATE_EPOCH=0, or -mkfs-time 0 -all-time 0 (squashfs) or -T 0 (erofs)',
    };
  },
};

function isoDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString();
}
