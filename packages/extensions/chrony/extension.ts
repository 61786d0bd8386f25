import { defineButane, defineExtension } from '@sysext/core';
import { ChronyParameters } from './parameters.ts';
import { provision } from './provision.ts';

const chrony = defineExtension(import.meta.dirname, {
  name: 'chrony',
  summary: 'Keeps the clock by NTP, also for other hosts and with NTS',
  homepage: 'https://chrony-project.org/',
  licence: 'GPL-2.0-only',
  versions: { from: 'debian', suite: 'trixie', package: 'chrony' },
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['chrony'],
      take: { 'usr/{sbin/chronyd,bin/chronyc}': '/usr/bin/' },
    },
  ],
  // Flatcar's images for hosts there have a chrony.
  conflicts: ['oem-azure', 'oem-stackit'],
  services: { 'chronyd.service': { start: 'on-merge' } },
});

export default chrony;

/** Puts it on a host, in place of systemd-timesyncd. */
export const butane = defineButane(chrony, {
  parameters: ChronyParameters,
  example: {
    servers: [
      { address: 'time.example.com', nts: true },
      { address: 'ntp.example.com', pool: true },
    ],
    allow: ['10.0.0.0/8', 'fd00::/8'],
  },
  provision,
});
