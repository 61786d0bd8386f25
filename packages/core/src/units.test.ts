import { expect, test } from 'vitest';
import { isUnitPath, renderSetup, renderStarts } from './units.ts';

test('units that start with the merge are upheld by the target of their kind', () => {
  const services = {
    'a.service': { start: 'on-merge' },
    'a.socket': { start: 'on-merge' },
    'b.service': { start: 'manual' },
  } as const;
  expect(renderStarts({ services })).toEqual([
    ['usr/lib/systemd/system/multi-user.target.d/10-a-service.conf', '[Unit]\nUpholds=a.service\n'],
    ['usr/lib/systemd/system/sockets.target.d/10-a-socket.conf', '[Unit]\nUpholds=a.socket\n'],
  ]);
});

test('what starts when it is configured is pulled in by the merge and by its configuration, and has a condition', () => {
  const services = { 'a.service': { start: 'when-configured', configuration: '/etc/a/a.conf' } } as const;
  expect(Object.fromEntries(renderStarts({ services }))).toMatchInlineSnapshot(`
    {
      "usr/lib/systemd/system/a-configured.service": "[Unit]
    Description=Start of a.service with a new configuration
    Wants=a.service

    [Service]
    Type=oneshot
    ExecStart=/usr/bin/true
    ",
      "usr/lib/systemd/system/a.path": "[Unit]
    Description=Configuration of a.service
    Wants=a.service

    [Path]
    PathChanged=/etc/a/a.conf
    Unit=a-configured.service
    ",
      "usr/lib/systemd/system/a.service.d/10-configured.conf": "[Unit]
    ConditionPathExists=/etc/a/a.conf
    ",
      "usr/lib/systemd/system/multi-user.target.d/10-a-path.conf": "[Unit]
    Upholds=a.path
    ",
    }
  `);
});

test('an image with users and directories gets a unit that makes them before its services', () => {
  const files = renderSetup({ name: 'demo', services: { 'demo.service': { start: 'manual' } } }, [
    'usr/bin/demo',
    'usr/lib/sysusers.d/demo.conf',
    'usr/lib/tmpfiles.d/demo.conf',
    'usr/lib/tmpfiles.d/README',
  ]);
  expect(Object.fromEntries(files)).toMatchInlineSnapshot(`
    {
      "usr/lib/systemd/system/demo-setup.service": "[Unit]
    Description=Users and directories of the demo extension
    After=local-fs.target systemd-sysusers.service systemd-tmpfiles-setup.service

    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=/usr/bin/systemd-sysusers /usr/lib/sysusers.d/demo.conf
    ExecStart=/usr/bin/systemd-tmpfiles --create /usr/lib/tmpfiles.d/demo.conf
    ",
      "usr/lib/systemd/system/demo.service.d/10-setup.conf": "[Unit]
    Wants=demo-setup.service
    After=demo-setup.service
    ",
      "usr/lib/systemd/system/multi-user.target.d/10-demo-setup-service.conf": "[Unit]
    Upholds=demo-setup.service
    ",
    }
  `);
});

test('an image without them gets none', () => {
  expect(renderSetup({ name: 'demo' }, ['usr/bin/demo'])).toEqual([]);
});

test.each([
  ['usr/lib/systemd/system/a.service', true],
  ['usr/local/lib/systemd/system/a@.timer', true],
  ['usr/lib/systemd/system/multi-user.target.d/a.conf', false],
  ['usr/lib/systemd/system/multi-user.target.wants/a.service', false],
  ['usr/lib/systemd/user/a.service', false],
  ['a.service', false],
])('%s is a unit: %s', (path, expected) => expect(isUnitPath(path)).toBe(expected));
