import { type Case, on } from './case.ts';
import { demo, directory, program, special, text } from './subject.ts';

const file = 'usr/share/demo/file';

/** Catalogue numbers 14–18. */
export const metadataCases: readonly Case[] = [
  on(
    'not-owned-by-root',
    'a directory and all in it belong to a user',
    demo({ 'usr/share/demo': directory({ uid: 1000, gid: 1000 }), [file]: text('', { uid: 1000, gid: 1000 }) }),
    ['error', 'usr/share/demo'],
  ),
  on('not-owned-by-root', 'a file belongs to a group', demo({ [file]: text('', { gid: 5 }) }), ['error', file]),

  on('directory-mode', "a host's directory is closed", demo({ 'usr/bin': directory({ mode: 0o700 }) }), [
    'error',
    'usr/bin',
  ]),
  on('directory-mode', "a host's directory is open", demo({ 'usr/share': directory({ mode: 0o777 }) }), [
    'error',
    'usr/share',
  ]),
  on('directory-mode', 'a directory of its own is closed', demo({ 'usr/share/demo': directory({ mode: 0o750 }) }), [
    'warning',
    'usr/share/demo',
  ]),

  on('world-writable', 'everybody can write', demo({ [file]: text('', { mode: 0o666 }) }), ['error', file]),

  on('privileged-file', 'a program is setuid', demo({ 'usr/bin/tool': program({ mode: 0o4755 }) }), [
    'error',
    'usr/bin/tool',
  ]),
  on('privileged-file', 'a program is setgid', demo({ 'usr/bin/tool': program({ mode: 0o2755 }) }), [
    'error',
    'usr/bin/tool',
  ]),
  on(
    'privileged-file',
    'a program has capabilities',
    demo({ 'usr/bin/tool': { ...program(), xattrs: ['security.capability'] } }),
    ['error', 'usr/bin/tool'],
  ),

  on(
    'overlay-marker',
    'a directory is opaque',
    demo({ 'usr/share/demo': directory({ xattrs: ['trusted.overlay.opaque'] }) }),
    ['error', 'usr/share/demo'],
  ),
  on(
    'overlay-marker',
    'a file carries a user mark',
    demo({ [file]: text('', { xattrs: ['user.overlay.whiteout'] }) }),
    ['error', file],
  ),
  on('overlay-marker', 'there is a whiteout device', demo({ [file]: special('character-device') }), ['error', file]),
  on('overlay-marker', 'there is a whiteout file', demo({ 'usr/share/demo/.wh.file': '' }), [
    'error',
    'usr/share/demo/.wh.file',
  ]),

  on('special-file', 'there is a device', demo({ [file]: special('block-device', 8, 1) }), ['error', file]),
  on('special-file', 'there is a fifo', demo({ [file]: special('fifo') }), ['error', file]),
  on('special-file', 'there is a socket', demo({ [file]: special('socket') }), ['error', file]),

  on('build-host-attributes', 'a label came along', demo({ [file]: text('', { xattrs: ['security.selinux'] }) }), [
    'error',
    file,
  ]),
  on(
    'build-host-attributes',
    'a property of btrfs came along',
    demo({ [file]: text('', { xattrs: ['btrfs.compression'] }) }),
    ['error', file],
  ),
  on(
    'build-host-attributes',
    'an attribute of the user came along',
    demo({ [file]: text('', { xattrs: ['user.comment'] }) }),
  ),
];
