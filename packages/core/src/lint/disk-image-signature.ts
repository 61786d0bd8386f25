import type { Rule } from './rule.ts';

/** Source: systemd up to 258 fails where it cannot check a signature, later ones fall back to plain verity. */
export const diskImageSignature: Rule = {
  name: 'disk-image-signature',
  summary: 'A signed disk image needs its certificate on the host before the first merge.',
  *check({ image }) {
    if (!image?.partitions?.some(({ role }) => role.endsWith('-verity-sig'))) return;
    yield {
      severity: 'warning',
      message:
        'the disk image is signed: on LTS and stable, a host without its certificate in /etc/verity.d merges no extension at all',
      fix: 'put the certificate into /etc/verity.d/ when the host is provisioned, before the image gets there',
    };
  },
};
