import { type Case, on } from './case.ts';
import { demo, directory, link, program, release, releaseText, stranger } from './subject.ts';

const modules = 'usr/lib/modules/6.12.0-flatcar';
const pinned = releaseText({ SYSEXT_LEVEL: undefined, VERSION_ID: '4593.2.5' });

/** Catalogue numbers 10–13, 19, 41, 43, 44. */
export const layoutCases: readonly Case[] = [
  on('usr-sbin', 'a program is in usr/sbin', demo({ 'usr/sbin/tool': program() }), ['error', 'usr/sbin']),
  on('usr-sbin', 'usr/sbin is a link', demo({ 'usr/sbin': link('bin') }), ['error', 'usr/sbin']),
  on('usr-sbin', 'usr/local/sbin is a directory', demo({ 'usr/local/sbin': directory() }), ['error', 'usr/local/sbin']),

  on('host-link-covered', 'a directory lies over a link', demo({ 'usr/lib64/udev/rules.d/x.rules': '' }), [
    'error',
    'usr/lib64/udev',
  ]),
  on(
    'host-link-covered',
    'another link lies over a link',
    demo({ 'usr/share/pam.d': link('demo') }),
    ['error', 'usr/share/pam.d'],
    ['warning', 'link-dangling: usr/share/pam.d'],
  ),
  on('host-link-covered', 'the same link lies over a link', demo({ 'usr/lib64/systemd': link('../lib/systemd') })),

  on('host-directory-covered', 'a link lies over a directory', demo({ 'usr/lib64': link('lib') }), [
    'error',
    'usr/lib64',
  ]),
  on('host-directory-covered', 'a file lies over a directory', demo({ 'usr/share': 'text' }), ['error', 'usr/share']),

  on('opt-content', 'there is content in /opt', demo({ 'opt/demo/bin/demo': program() }), ['error', 'opt/demo']),
  on('opt-content', '/opt is empty', demo({ opt: directory() })),
  on(
    'opt-content',
    'the recipe allows it',
    demo(
      { 'opt/demo/bin/demo': program() },
      { allow: [{ rule: 'opt-content', path: '/opt/demo', why: 'upstream has the path compiled in' }] },
    ),
    ['warning', 'opt/demo'],
  ),

  on('outside-usr', 'there is a file in /etc', demo({ 'etc/demo.conf': '' }), ['error', 'etc']),
  on('outside-usr', 'there is an empty mount point', demo({ proc: directory() }), ['warning', 'proc']),

  on('host-file', "a program replaces the host's", demo({ 'usr/bin/etcdctl': program() }), [
    'error',
    'usr/bin/etcdctl',
  ]),
  on('host-file', 'a program replaces that of some hosts', demo({ 'usr/bin/etcdutl': program() }), [
    'error',
    'usr/bin/etcdutl',
  ]),
  on('host-file', "a library replaces the host's", demo({ 'usr/lib64/libc.so.6': program({ type: 3 }) }), [
    'error',
    'usr/lib64/libc.so.6',
  ]),
  on(
    'host-file',
    "a unit replaces the host's",
    stranger({
      'usr/lib/systemd/system/sshd.socket': '[Socket]\nListenStream=22\nAccept=yes\n',
      'usr/lib/systemd/system/sysinit.target.wants/sshd.socket': link('../sshd.socket'),
    }),
    ['error', 'usr/lib/systemd/system/sshd.socket'],
    ['warning', 'unit-enable-link: usr/lib/systemd/system/sysinit.target.wants/sshd.socket'],
  ),
  on('host-file', "a file is among Flatcar's own", demo({ 'usr/share/flatcar/update.conf': '' }), [
    'error',
    'usr/share/flatcar/update.conf',
  ]),
  on('host-file', 'a script of the host is in a private directory', demo({ 'usr/lib/demo/bin/tar': program() })),

  on('flatcar-extension-file', 'containerd comes beside that of Flatcar', demo({ 'usr/bin/ctr': program() }), [
    'error',
    'usr/bin/ctr',
  ]),
  on(
    'flatcar-extension-file',
    'the conflict is declared',
    demo({ 'usr/bin/ctr': program() }, { conflicts: ['containerd-flatcar'] }),
  ),
  on(
    'flatcar-extension-file',
    'chrony comes to hosts of Azure and STACKIT',
    demo({ 'usr/bin/chronyc': program() }, { conflicts: ['oem-stackit'] }),
    ['error', 'usr/bin/chronyc'],
  ),
  on('flatcar-extension-file', 'a stranger brings docker', stranger({ 'usr/bin/docker': program() }), [
    'warning',
    'usr/bin/docker',
  ]),

  on(
    'sysupdate-definitions',
    "a transfer joins the host's target",
    demo({ 'usr/lib/sysupdate.d/demo.conf': '[Transfer]\n' }),
    ['error', 'usr/lib/sysupdate.d/demo.conf'],
  ),
  on(
    'sysupdate-definitions',
    'a transfer is a component',
    demo({ 'usr/lib/sysupdate.demo.d/demo.conf': '[Transfer]\n' }),
  ),

  on('kernel-modules', 'modules are for every release', demo({ [`${modules}/extra/demo.ko`]: program({ type: 1 }) }), [
    'error',
    modules,
  ]),
  on(
    'kernel-modules',
    'modules are for one release',
    demo({ [`${modules}/extra/demo.ko`]: program({ type: 1 }), [release]: pinned }),
  ),
  on('kernel-modules', 'there is an index', demo({ [`${modules}/modules.dep.bin`]: '', [release]: pinned }), [
    'error',
    `${modules}/modules.dep.bin`,
  ]),

  on('link-dangling', 'a link leads to nothing', demo({ 'usr/lib/demo/tool': link('gone') }), [
    'error',
    'usr/lib/demo/tool',
  ]),
  on(
    'link-dangling',
    'a link leads in a circle',
    demo({ 'usr/lib/demo/a': link('b'), 'usr/lib/demo/b': link('/usr/lib/demo/a') }),
    ['error', 'usr/lib/demo/a'],
    ['error', 'usr/lib/demo/b'],
  ),
  on('link-dangling', 'a link leads to a program that a host may have', demo({ 'usr/bin/tool': link('unheard-of') }), [
    'warning',
    'usr/bin/tool',
  ]),
  on(
    'link-dangling',
    'links lead to the image and to the host',
    demo({
      'usr/bin/a': link('demo'),
      'usr/bin/b': link('/bin/bash'),
      'usr/bin/c': link('a'),
      'usr/lib/demo': link('/lib64'),
    }),
  ),

  on(
    'link-leaves-usr',
    'a link leads to a part that is never merged',
    demo({ 'usr/lib/demo/conf': link('/etc/demo.conf'), 'etc/demo.conf': '' }),
    ['error', 'usr/lib/demo/conf'],
    ['error', 'outside-usr: etc'],
  ),
  on(
    'link-leaves-usr',
    'a link leads to the building machine',
    demo({ 'usr/lib/demo/conf': link('/home/builder/out') }),
    ['error', 'usr/lib/demo/conf'],
  ),
  on(
    'link-leaves-usr',
    'a link leads to the configuration of a host',
    demo({ 'usr/lib/demo/conf': link('../../../etc/demo.conf'), 'usr/lib/demo/log': link('/var/log') }),
  ),
];
