import { tinyElf, temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { sha256 } from './cache.ts';
import { makeSquashfs, testContext } from './image/testing/images.ts';
import { inspectImage } from './inspect.ts';
import { elfImage } from '@sysext/testing';

const release = 'ID=flatcar\nSYSEXT_LEVEL=1.0\nARCHITECTURE=x86-64\nnonsense\n';

test('says what an image is and what it holds', async () => {
  await using directory = await temporaryDirectory();
  const image = `${directory.path}/demo-1.0-x86-64.raw`;
  const dynamic = elfImage({
    interpreter: '/lib64/ld-linux-x86-64.so.2',
    needed: ['libc.so.6'],
    versions: { 'libc.so.6': ['GLIBC_2.34'] },
  });
  await makeSquashfs(
    image,
    [
      { path: 'usr/bin/demo', content: tinyElf('arm64') },
      { path: 'usr/bin/dynamic', content: dynamic },
      { path: 'usr/bin/damaged', content: dynamic.subarray(0, 30) },
      { path: 'usr/lib/extension-release.d/extension-release.demo', mode: 0o644, content: release },
      {
        path: 'usr/lib/systemd/system/demo.service',
        mode: 0o644,
        content: '[Unit]\nDescription=A demo\n[Service]\nExecStart=/usr/bin/demo\n',
      },
      {
        path: 'usr/lib/systemd/system/demo@.service',
        mode: 0o644,
        content: '[Unit]\nDescription=Demo of %i\n[Service]\nExecStart=/usr/bin/demo\n',
      },
      {
        path: 'usr/lib/systemd/system/multi-user.target.d/10-demo.conf',
        mode: 0o644,
        content: '[Unit]\nUpholds=demo.service\n',
      },
      {
        path: 'usr/lib/systemd/system/multi-user.target.wants/demo@a.service',
        type: 'SymbolicLink',
        mode: 0o777,
        linkpath: '../demo@.service',
      },
      { path: 'top', mode: 0o600, content: 'x' },
    ],
    ['-root-mode', '755'],
  );
  const inspection = await inspectImage(testContext(directory.path), image);
  expect(inspection.image).toMatchObject({
    file: image,
    fileSystem: 'squashfs',
    compression: 'gzip',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(inspection.root).toEqual({ mode: '0755', uid: process.getuid?.(), gid: process.getgid?.(), xattrs: [] });
  expect(inspection.releases).toEqual([
    {
      path: 'usr/lib/extension-release.d/extension-release.demo',
      name: 'demo',
      text: release,
      fields: { ID: 'flatcar', SYSEXT_LEVEL: '1.0', ARCHITECTURE: 'x86-64' },
      ignored: [{ line: 4, text: 'nonsense' }],
    },
  ]);
  const directoryOfUnits = 'usr/lib/systemd/system';
  expect(inspection.units).toEqual([
    {
      name: 'demo.service',
      path: `${directoryOfUnits}/demo.service`,
      description: 'A demo',
      startedBy: [{ how: 'upholds', path: `${directoryOfUnits}/multi-user.target.d/10-demo.conf` }],
    },
    {
      name: 'demo@.service',
      path: `${directoryOfUnits}/demo@.service`,
      description: 'Demo of %i',
      startedBy: [{ how: 'wants', path: `${directoryOfUnits}/multi-user.target.wants/demo@a.service` }],
    },
    { name: 'multi-user.target', startedBy: [] },
  ]);
  expect(inspection.programs).toEqual([
    { path: 'usr/bin/demo', machine: 'arm64', bits: 64, type: 'executable', isStatic: true, needed: [], versions: {} },
    {
      path: 'usr/bin/dynamic',
      machine: 'x86-64',
      bits: 64,
      type: 'executable',
      isStatic: false,
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libc.so.6'],
      versions: { 'libc.so.6': ['GLIBC_2.34'] },
    },
  ]);
  expect(inspection.damagedPrograms).toEqual([{ path: 'usr/bin/damaged', damage: expect.any(String) }]);
  expect(inspection.directories).toEqual([
    { path: '.', files: 1, size: 1 },
    { path: 'usr/bin', files: 3, size: tinyElf('arm64').length + dynamic.length + 30 },
    { path: 'usr/lib', files: 4, size: expect.any(Number) },
  ]);
  expect(inspection.paths).toContainEqual({
    path: 'top',
    type: 'file',
    mode: '0600',
    uid: 0,
    gid: 0,
    xattrs: [],
    size: 1,
    sha256: sha256('x'),
  });
  expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
});

test('inspects an image without anything in it', async () => {
  await using directory = await temporaryDirectory();
  const image = `${directory.path}/empty.raw`;
  await makeSquashfs(image, []);
  const { releases, units, programs, directories, paths } = await inspectImage(testContext(directory.path), image);
  expect({ releases, units, programs, directories, paths }).toEqual({
    releases: [],
    units: [],
    programs: [],
    directories: [],
    paths: [],
  });
});
