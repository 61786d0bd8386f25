import { defineButane, defineExtension } from '@sysext/core';

const repo = 'inspektor-gadget/inspektor-gadget';
const release = `https://github.com/${repo}/releases/download/{version}`;

const ig = defineExtension(import.meta.dirname, {
  name: 'ig',
  summary: 'Inspektor Gadget: looks into hosts and containers by eBPF programs',
  homepage: 'https://www.inspektor-gadget.io/',
  licence: 'Apache-2.0 AND GPL-2.0-only',
  versions: { from: 'github-releases', repo, match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      downloads: [
        {
          url: `${release}/ig-linux-{arch}-{version}.tar.gz`,
          take: { ig: '/usr/bin/' },
          verify: { sums: `${release}/SHA256SUMS` },
        },
        {
          url: `${release}/gadgetctl-linux-{arch}-{version}.tar.gz`,
          take: { gadgetctl: '/usr/bin/' },
          verify: { sums: `${release}/SHA256SUMS` },
        },
      ],
    },
  ],
});

export default ig;

export const butane = defineButane(ig);
