import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { createContext } from '../../context.ts';
import { debianArchives } from './archives.ts';

const snapshot = (archive: string): string =>
  `https://snapshot.debian.org/archive/${archive}/20261122T091544Z/pool/x.deb`;

/** Where a machine looks for a path in the two archives; `apt` is what apt says it is set up with. */
async function addresses(env: Record<string, string>, apt?: string): Promise<{ main: string[]; security: string[] }> {
  await using directory = await temporaryDirectory();
  if (apt !== undefined) {
    const program = `#!/bin/sh\ncase "$*" in "indextargets --format "*) ;; *) exit 1 ;; esac\nprintf %s '${apt}'\n`;
    await writeFile(join(directory.path, 'apt-get'), program, { mode: 0o755 });
  }
  const archives = await debianArchives(createContext({ env: { PATH: directory.path, ...env } }));
  const of = (archive: 'debian' | 'debian-security'): string[] =>
    archives.urls(archive, '20261121T091544Z', 'pool/x.deb');
  return { main: of('debian'), security: of('debian-security') };
}

test("apt's mirrors of either archive are asked, each once, and then the snapshot archive", async () => {
  const apt = [
    'http://one.example/debian/ Debian',
    'http://one.example/debian/ Debian',
    'https://two.example/mirror/ Debian',
    'https://one.example/fixes/ Debian-Security',
    'https://other.example/ Other',
    'ftp://one.example/debian/ Debian',
    'https://backports.example/debian/ Debian Backports',
    '',
  ];
  expect(await addresses({}, apt.join('\n'))).toEqual({
    main: ['http://one.example/debian/pool/x.deb', 'https://two.example/mirror/pool/x.deb', snapshot('debian')],
    security: ['https://one.example/fixes/pool/x.deb', snapshot('debian-security')],
  });
});

test('before the first update of apt, they are told by their addresses', async () => {
  const apt = 'http://one.example/debian/ \nhttp://one.example/debian-security/ \nhttp://one.example/ubuntu/ \n';
  expect(await addresses({}, apt)).toEqual({
    main: ['http://one.example/debian/pool/x.deb', snapshot('debian')],
    security: ['http://one.example/debian-security/pool/x.deb', snapshot('debian-security')],
  });
});

test('without apt, the snapshot archive alone has them', async () => {
  expect(await addresses({})).toEqual({ main: [snapshot('debian')], security: [snapshot('debian-security')] });
});

test('a setting takes the place of what apt has for the same archive', async () => {
  const apt = 'http://one.example/debian/ Debian\nhttp://one.example/debian-security/ Debian-Security\n';
  expect(await addresses({ SYSEXT_DEBIAN_MIRROR: 'https://own.example/main' }, apt)).toEqual({
    main: ['https://own.example/main/pool/x.deb', snapshot('debian')],
    security: ['http://one.example/debian-security/pool/x.deb', snapshot('debian-security')],
  });
  expect(await addresses({ SYSEXT_DEBIAN_SECURITY_MIRROR: 'https://own.example/fixes/' }, apt)).toEqual({
    main: ['http://one.example/debian/pool/x.deb', snapshot('debian')],
    security: ['https://own.example/fixes/pool/x.deb', snapshot('debian-security')],
  });
});
