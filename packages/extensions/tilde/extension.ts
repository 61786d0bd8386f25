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
      packages: ['tilde', 'libtranscript1', 'libt3highlight2', 'libt3key1'],
      take: {
        'usr/bin/tilde': '/usr/bin/',
        'usr/share/tilde/base.config': '/usr/share/tilde/',
        'usr/lib/{arch}/transcript1/': '/usr/lib/tilde/transcript1/',
        'usr/share/libt3highlight2/': '/usr/share/libt3highlight2/',
        'usr/share/libt3key1/': '/usr/share/libt3key1/',
      },
    },
  ],
  // Without the converter of the locale's character set tilde does not start, and only here they are looked for.
  links: {
    '/usr/lib/x86_64-linux-gnu/transcript1': '../tilde/transcript1',
    '/usr/lib/aarch64-linux-gnu/transcript1': '../tilde/transcript1',
  },
});

export default tilde;

/** Puts it on a host. */
export const butane = defineButane(tilde);
