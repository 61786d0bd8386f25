import { describe, expect, test } from 'vitest';
import { resolveLink } from '../image-path.ts';
import { compareVersions } from '../version.ts';
import { flatcarExtensions, hostDirectories, hostLinks, movingDirectories, osTargetOf, osTargets } from './flatcar.ts';
import { hostFile, hostHas } from './inventory.ts';
import { hostAdminPrograms, hostPrograms, someHostPrograms } from './programs.ts';

describe('host data', () => {
  test('releases are in order, with ever newer glibc', () => {
    expect(osTargets).toEqual(osTargets.toSorted((a, b) => a.major - b.major));
    expect(osTargets).toEqual(osTargets.toSorted((a, b) => compareVersions(a.glibc, b.glibc)));
  });

  test.each([
    ['4593.2.5', 'stable'],
    ['4600.0.0', 'stable'],
    ['9999.0.0', 'alpha'],
    ['4081.3.9', 'lts'],
    ['12', 'lts'],
    [undefined, 'lts'],
    ['nonsense', 'lts'],
  ])('VERSION_ID %s is judged as %s', (versionId, channel) => {
    expect(osTargetOf(versionId).channel).toBe(channel);
  });

  test('a program is in one list', () => {
    const all = [hostPrograms, hostAdminPrograms, someHostPrograms].flatMap((programs) => [...programs.keys()]);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
    expect(all.filter((name) => !/^[\w.[-]+$/.test(name))).toEqual([]);
  });

  test('no path is both a link and a directory, and links within /usr lead to directories', () => {
    expect([...hostLinks.keys(), ...movingDirectories].filter((path) => hostDirectories.has(path))).toEqual([]);
    for (const [path, target] of hostLinks) {
      const place = resolveLink(path, target)!;
      if (place.startsWith('usr/') && !hostLinks.has(place)) expect(hostDirectories).toContain(place);
    }
  });

  test('parents of host directories are host directories', () => {
    for (const path of hostDirectories)
      if (path !== 'usr') expect(hostDirectories).toContain(path.replace(/\/[^/]+$/, ''));
  });

  test("Flatcar's own images hold nothing that the host has", () => {
    for (const paths of flatcarExtensions.values()) expect([...paths].filter(hostHas)).toEqual([]);
  });

  test('knows what is there', () => {
    expect(hostFile('usr/bin/bash')).toBe('app-shells/bash');
    expect(hostFile('usr/lib64/libc.so.6')).toBe('sys-libs/glibc');
    expect(hostFile('usr/lib/libc.so.6')).toBeUndefined();
    expect(hostFile('usr/lib/ld-linux-aarch64.so.1')).toBe('sys-libs/glibc');
    expect(hostFile('usr/lib/systemd/system/sshd.socket')).toBeDefined();
    expect(hostFile('usr/local/bin/bash')).toBeUndefined();
    expect(hostFile('bash')).toBeUndefined();
  });
});
