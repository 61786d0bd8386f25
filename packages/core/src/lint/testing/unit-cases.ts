import { setupUnit } from '../../units.ts';
import { type Case, on } from './case.ts';
import { type Changes, demo, link, program, service, serviceText, stranger, text } from './subject.ts';

const units = 'usr/lib/systemd/system';
const upholds = `${units}/multi-user.target.d/10-demo-service.conf`;
const manual = { services: { 'demo.service': { start: 'manual' } } } as const;
const runs = (command: string, more = ''): Changes => ({ [service]: `[Service]\nExecStart=${command}\n${more}` });
const sysusers = 'usr/lib/sysusers.d/demo.conf';
const tmpfiles = 'usr/lib/tmpfiles.d/demo.conf';
const setup = `${units}/${setupUnit('demo')}`;
const setupText = (command: string): string =>
  `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/${command}\n[Unit]\nWantedBy=demo.service\n`;
const setupStart = { [`${units}/demo.service.d/10-setup.conf`]: `[Unit]\nWants=${setupUnit('demo')}\n` };
const conditional = { [service]: `${serviceText}[Unit]\nConditionPathExists=/etc/demo.conf\n` };

/** Catalogue numbers 21–24. */
export const unitCases: readonly Case[] = [
  on('unit-syntax', 'a section header has no end', demo({ [`${units}/demo.service.d/10-x.conf`]: '[Unit\n' }), [
    'error',
    `${units}/demo.service.d/10-x.conf`,
  ]),
  on('unit-syntax', 'a line is no assignment', demo({ [service]: `${serviceText}Restart always\n` }), [
    'warning',
    service,
  ]),

  on(
    'unit-enable-link',
    'a unit is wanted by a link',
    demo({ [upholds]: undefined, [`${units}/multi-user.target.wants/demo.service`]: link('../demo.service') }),
    ['error', `${units}/multi-user.target.wants/demo.service`],
  ),
  on(
    'unit-enable-link',
    "a stranger's unit is required by a link",
    stranger({ [upholds]: undefined, [`${units}/multi-user.target.requires/demo.service`]: link('../demo.service') }),
    ['warning', `${units}/multi-user.target.requires/demo.service`],
  ),
  on(
    'unit-enable-link',
    'a unit is upheld by a link',
    demo({ [upholds]: undefined, [`${units}/multi-user.target.upholds/demo.service`]: link('../demo.service') }),
    ['warning', `${units}/multi-user.target.upholds/demo.service`],
  ),
  on(
    'unit-enable-link',
    'a unit is upheld and wanted',
    demo({ [`${units}/multi-user.target.wants/demo.service`]: link('/usr/lib/systemd/system/demo.service') }),
  ),

  on(
    'drop-in-name',
    'a drop-in is named as a unit',
    demo({ [`${units}/multi-user.target.d/demo.service`]: '[Unit]\nUpholds=demo.service\n' }),
    ['error', `${units}/multi-user.target.d/demo.service`],
  ),

  on('upheld-oneshot', 'an upheld service ends at once', demo(runs('/usr/bin/demo', 'Type=oneshot\n')), [
    'error',
    service,
  ]),
  on(
    'upheld-oneshot',
    'an upheld service remains',
    demo(runs('/usr/bin/demo', 'Type=oneshot\nRemainAfterExit=true\n')),
  ),

  on('upheld-condition', 'an upheld service waits for its configuration', demo(conditional), ['error', service]),
  on('upheld-condition', 'an operator starts it', demo({ ...conditional, [upholds]: undefined }, manual)),
  on(
    'upheld-condition',
    'a path unit starts it',
    demo(
      {
        ...conditional,
        [upholds]: undefined,
        [`${units}/demo.path`]: '[Path]\nPathExists=/etc/demo.conf\n',
        [`${units}/multi-user.target.d/10-demo-path.conf`]: '[Unit]\nUpholds=demo.path\n',
      },
      { services: { 'demo.path': { start: 'on-merge' }, 'demo.service': { start: 'manual' } } },
    ),
  ),

  on(
    'unit-undeclared',
    'nothing starts a unit',
    demo({ [`${units}/other.service`]: `${serviceText}[Install]\nWantedBy=multi-user.target\n` }),
    ['error', `${units}/other.service`],
  ),
  on(
    'unit-undeclared',
    "nothing starts a stranger's unit",
    stranger({ [`${units}/other.timer`]: '[Timer]\nOnBootSec=1h\n', [`${units}/other.service`]: serviceText }),
    ['warning', `${units}/other.timer`],
  ),
  on('unit-undeclared', 'an operator starts it', demo({ [upholds]: undefined }, manual)),
  on(
    'unit-undeclared',
    'an operator starts instances of it',
    demo(
      { [`${units}/other@.service`]: serviceText },
      { services: { 'demo.service': { start: 'on-merge' }, 'other@one.service': { start: 'manual' } } },
    ),
  ),
  on(
    'unit-undeclared',
    'its socket starts it',
    demo({
      [`${units}/demo.service.d/10-x.conf`]: '[Unit]\nWants=other.socket\n',
      [`${units}/other.socket`]: '[Socket]\nListenStream=80\nAccept=yes\n',
      [`${units}/other@.service`]: serviceText,
    }),
  ),
  on(
    'unit-undeclared',
    'a timer names it',
    demo({
      [`${units}/demo.service.d/10-x.conf`]: '[Unit]\nRequires=a.timer\n',
      [`${units}/a.timer`]: '[Timer]\nOnBootSec=1h\nUnit=other.service\n',
      [`${units}/other.service`]: serviceText,
    }),
  ),

  on(
    'unit-missing',
    'the recipe declares a unit that is not there',
    demo({ [service]: undefined, [upholds]: undefined }),
    ['error', service],
    ['warning', 'reload-manager: usr/lib/extension-release.d/extension-release.demo'],
  ),
  on(
    'unit-missing',
    'a drop-in upholds a unit that is not there',
    demo({ [upholds]: '[Unit]\nUpholds=demo.service demon.service\n' }),
    ['warning', upholds],
  ),
  on(
    'unit-missing',
    'a drop-in upholds a unit of the host',
    demo({ [upholds]: '[Unit]\nUpholds=demo.service sshd.socket\n' }),
  ),

  on('unit-exec-path', 'a program is nowhere', demo(runs('/usr/bin/demon')), ['error', service]),
  on('unit-exec-path', 'a name is nowhere', demo(runs('demon')), ['error', service]),
  on('unit-exec-path', 'a program may be missing', demo(runs('-/usr/bin/demon')), ['warning', service]),
  on('unit-exec-path', 'a program is in sbin', demo(runs('/usr/sbin/demo')), ['error', service]),
  on('unit-exec-path', 'a program is in /opt', demo(runs('/opt/bin/demo')), ['error', service]),
  on(
    'unit-exec-path',
    'a program is in /opt where the unit runs',
    demo(
      {
        [upholds]: undefined,
        [service]: '[Unit]\nConditionFileIsExecutable=|/opt/bin/demo\n[Service]\nExecStart=/opt/bin/demo\n',
      },
      manual,
    ),
  ),
  on('unit-exec-path', 'a program is outside of the image', demo(runs('/var/lib/demo/run')), ['warning', service]),
  on('unit-exec-path', 'a program cannot be executed', demo({ 'usr/bin/demo': program({ mode: 0o644 }) }), [
    'error',
    service,
  ]),
  on('unit-exec-path', 'a program of the host moved', demo(runs('/usr/bin/modprobe demo')), ['warning', service]),
  on('unit-exec-path', 'a program of the host stands where it was', demo(runs('/usr/sbin/modprobe demo'))),
  on('unit-exec-path', "a program is Flatcar's docker", demo(runs('/usr/bin/docker ps')), ['warning', service]),
  on('unit-exec-path', 'a required extension may bring it', demo(runs('/usr/bin/other'), { requires: ['other'] }), [
    'warning',
    service,
  ]),
  on('unit-exec-path', 'systemd refuses the line', demo(runs('/usr/bin/demo "x')), ['error', service]),
  on(
    'unit-exec-path',
    'a hook before the start is nowhere',
    demo(runs('/usr/bin/demo', 'ExecStartPre=+/usr/libexec/prepare\n')),
    ['error', service],
  ),
  on(
    'unit-exec-path',
    'a drop-in replaces the command',
    demo({ ...runs('/usr/bin/demon'), [`${service}.d/10-x.conf`]: '[Service]\nExecStart=\nExecStart=@demo name\n' }),
  ),
  on(
    'unit-exec-path',
    'programs are found by every way',
    demo(
      runs(
        '/usr/bin/demo',
        'ExecStartPre=/bin/mkdir -p /run/demo\nExecStartPre=!!ip link\nExecReload=/usr/bin/kill -HUP $MAINPID\nExecStop=/usr/bin/%p\n',
      ),
    ),
  ),
  on('unit-exec-path', 'the unit has a root of its own', demo(runs('/usr/bin/demon', 'RootDirectory=/var/lib/demo\n'))),

  on('unit-user', 'nobody makes the user', demo(runs('/usr/bin/demo', 'User=demo\n')), ['error', service]),
  on('unit-user', 'nobody makes the group', demo(runs('/usr/bin/demo', 'User=nobody\nGroup=demo\n')), [
    'error',
    service,
  ]),
  on(
    'unit-user',
    'a required extension may make the user',
    demo(runs('/usr/bin/demo', 'User=demo\n'), { requires: ['other'] }),
    ['warning', service],
  ),
  on(
    'unit-user',
    'users of the host, numbers, specifiers',
    demo(runs('/usr/bin/demo', 'User=core\nGroup=233\n[Service]\nUser=%i\n')),
  ),
  on('unit-user', 'the user is made for the service', demo(runs('/usr/bin/demo', 'User=demo\nDynamicUser=yes\n'))),
  on(
    'unit-user',
    'the image makes user and group',
    demo({
      ...runs('/usr/bin/demo', 'User=demo\nGroup=demo\n'),
      ...setupStart,
      [sysusers]: 'u demo - "Demo"\n',
      [setup]: setupText('systemd-sysusers'),
    }),
  ),

  on(
    'sysusers-not-run',
    'a unit waits for the user',
    demo({ ...runs('/usr/bin/demo', 'User=demo\n'), [sysusers]: 'u demo -\n' }),
    ['error', sysusers],
  ),
  on('sysusers-not-run', 'no unit waits for the user', demo({ [sysusers]: 'u demo -\n' }), ['warning', sysusers]),

  on(
    'sysusers-id',
    'an id is taken',
    demo({ ...setupStart, [setup]: setupText('systemd-sysusers'), [sysusers]: '# users\nu demo 233\ng etcd 232\n' }),
    ['warning', sysusers],
  ),

  ...['C', 'C+'].map((type) =>
    on(
      'tmpfiles-copy',
      `a default is copied by ${type}`,
      demo({
        ...setupStart,
        [tmpfiles]: text(`# seeds\nd /etc/demo\n${type} /etc/demo/demo.conf - - - - /usr/share/demo/demo.conf\n`),
        [setup]: setupText('systemd-tmpfiles --create'),
      }),
      ['error', tmpfiles],
    ),
  ),
  on(
    'tmpfiles-copy',
    'a default is linked',
    demo({
      ...setupStart,
      [tmpfiles]: text('L /etc/demo/demo.conf - - - - /usr/share/demo/demo.conf\n'),
      [setup]: setupText('systemd-tmpfiles --create'),
    }),
  ),

  on('tmpfiles-not-run', 'nothing runs systemd-tmpfiles', demo({ [tmpfiles]: 'd /var/lib/demo\n' }), [
    'warning',
    tmpfiles,
  ]),
  on(
    'tmpfiles-not-run',
    'a unit runs systemd-tmpfiles',
    demo({ ...setupStart, [tmpfiles]: text('d /var/lib/demo\n'), [setup]: setupText('systemd-tmpfiles --create') }),
  ),
];
