import { defineButane, defineExtension } from '@sysext/core';

const tilde = defineExtension(import.meta.dirname, {
  name: 'tilde',
  summary: 'Text editor for the terminal with menus and the usual keys',
  homepage: 'https://os.ghalkes.nl/tilde/',
  licence: 'GPL-3.0-only',
  versions: { from: 'debian', suite: 'bookworm', package: 'tilde' },
  sources: [
    {
      kind: 'debian',
      suite: 'bookworm',
      packages: ['tilde'],
      take: {
        'usr/bin/tilde': '/usr/bin/',
        'usr/share/tilde/base.config': '/usr/share/tilde/',
      },
    },
  ],
});

export default tilde;

/** Puts it on a host. */
export const butane = defineButane(tilde);
