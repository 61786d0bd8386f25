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

/** Keys of sysupdate.d(5) in systemd 255, the oldest that Flatcar has. */
const known: Readonly<Record<string, readonly string[]>> = {
  Transfer: ['MinVersion', 'ProtectVersion', 'Verify'],
  Source: ['Type', 'Path', 'MatchPattern'],
  Target: [
    'Type', 'Path', 'PathRelativeTo', 'MatchPattern', 'Mode', 'ReadOnly', 'InstancesMax', 'RemoveTemporary',
    'CurrentSymlink',
  ],
}; // prettier-ignore

test('systemd 255 knows every key', () => {
  let section = '';
  for (const line of renderTransfer('etcd', { baseUrl, verify: true, series }).split('\n')) {
    section = /^\[(.*)\]$/.exec(line)?.[1] ?? section;
    const key = /^(\w+)=/.exec(line)?.[1];
    if (key !== undefined) expect(known[section]).toContain(key);
  }
});

/**
 * What a pattern finds in a name, as systemd up to 257.x matches it: a wildcard takes the text up to the first
 * occurrence of what follows it, and nothing looks whether the name goes on after that (sysupdate-pattern.c).
 */
function versionBy(pattern: string, name: string): string | undefined {
  const [before, after] = pattern.replace('%a', 'x86-64').split('@v') as [string, string];
  if (!name.startsWith(before)) return undefined;
  const end = name.indexOf(after, before.length);
  return end < 0 ? undefined : name.slice(before.length, end);
}

test.each([
  ['etcd-v3.5.21-x86-64.raw', 'v3.5.21', '21'],
  ['etcd-v3.5.21-1-x86-64.raw', 'v3.5.21-1', '21-1'],
  ['etcd-v3.5.21-x86-64.raw.xz', 'v3.5.21', '21'],
  ['etcd-v3.50.1-x86-64.raw', 'v3.50.1', undefined],
  ['etcd-v3.5.21-arm64.raw', undefined, undefined],
])('the patterns make of %s the version %s, in the series %s', (name, version, inSeries) => {
  const patterns = (text: string): string[] => /^MatchPattern=(.*)$/m.exec(text)![1]!.split(' ');
  for (const [pattern, expected] of [
    [patterns(renderTransfer('etcd', { baseUrl, verify: true })), version],
    [patterns(renderTransfer('etcd', { baseUrl, verify: true, series })), inSeries],
  ] as const) {
    const found = pattern.map((one) => versionBy(one, name)).find((one) => one !== undefined);
    expect(found).toBe(expected);
  }
});

test('of a repository without signatures, it asks for none', () => {
  expect(renderTransfer('etcd', { baseUrl, verify: false })).toContain('\nVerify=no\n');
});
