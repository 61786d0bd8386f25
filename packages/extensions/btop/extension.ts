import { defineButane, defineExtension } from '@sysext/core';

const btop = defineExtension(import.meta.dirname, {
  name: 'btop',
  summary: 'Shows what a host is busy with: processors, memory, disks, networks, processes',
  homepage: 'https://github.com/aristocratos/btop',
  licence: 'Apache-2.0',
  versions: { from: 'debian', suite: 'trixie', package: 'btop' },
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['btop'],
      take: {
        'usr/bin/btop': '/usr/bin/',
        'usr/share/btop/themes/': '/usr/share/btop/themes/',
      },
    },
  ],
});

export default btop;

/** Puts it on a host. */
export const butane = defineButane(btop);
