import { expect, test } from 'vitest';
import { componentOf, renderTransfer } from './sysupdate.ts';

const baseUrl = 'https://sysext.example/a%20b/';
const series = { name: '3.5', prefix: 'v3.5.' };

test('a transfer names its source, its target and its link', () => {
  expect(renderTransfer('etcd', { baseUrl, verify: true })).toBe(`# Written by sysext: systemd-sysupdate -C etcd
[Transfer]
Verify=yes

[Source]
Type=url-file
Path=https://sysext.example/a%%20b/etcd/
MatchPattern=etcd-@v-%a.raw.xz etcd-@v-%a.raw

[Target]
Type=regular-file
Path=/opt/extensions/etcd
MatchPattern=etcd-@v-%a.raw
Mode=0644
InstancesMax=3
CurrentSymlink=/etc/extensions/etcd.raw
`);
});

test('of a series, it sees no version outside', () => {
  expect(componentOf('etcd', series)).toBe('etcd-3.5');
  const text = renderTransfer('etcd', { baseUrl, verify: true, series });
  expect(text.match(/^MatchPattern=.*$/gm)).toEqual([
    'MatchPattern=etcd-v3.5.@v-%a.raw.xz etcd-v3.5.@v-%a.raw',
    'MatchPattern=etcd-v3.5.@v-%a.raw',
  ]);
  expect(text).toContain('CurrentSymlink=/etc/extensions/etcd.raw\n');
});

test('of a repository without signatures, it asks for none', () => {
  expect(renderTransfer('etcd', { baseUrl, verify: false })).toContain('\nVerify=no\n');
});
