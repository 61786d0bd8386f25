import { releasePath } from '../../extension-release.ts';
import { type Case, on } from './case.ts';
import { demo, directory, link, program, release, releaseText, stranger, text } from './subject.ts';

const other = releasePath('other');
const strict = releasePath('demo-1.2.3');

/** Catalogue numbers 1–5, 7, 8, 20, 28. */
export const releaseCases: readonly Case[] = [
  on('release-file-missing', 'the release file is missing', demo({ [release]: undefined }), ['error', release]),

  on(
    'release-file-name',
    'the only release file is for another name',
    demo({ [release]: undefined, [other]: releaseText() }),
    ['error', other],
  ),
  on(
    'release-file-name',
    'the release file carries a dashed version',
    demo({ [release]: undefined, [strict]: releaseText() }),
    ['error', strict],
  ),
  on('release-file-name', 'there is a second release file', demo({ [other]: releaseText() }), ['warning', other]),
  on('release-file-name', 'what follows an underscore in the name is left out', { ...stranger(), name: 'demo_1.2.3' }, [
    'error',
    'name-characters: image',
  ]),

  on('release-file-syntax', 'the release file is a directory', demo({ [release]: directory() }), ['error', release]),
  on(
    'release-file-syntax',
    'the release file is a link to nothing',
    demo({ [release]: link('gone') }),

    ['error', `link-dangling: ${release}`],
    ['error', release],
  ),
  on(
    'release-file-syntax',
    'the release file is a link to a release file',
    demo({ [release]: link('../demo.release'), 'usr/lib/demo.release': releaseText() }),
  ),
  on('release-file-syntax', 'the release file is no UTF-8', demo({ [release]: latin1() }), ['error', release]),
  on(
    'release-file-syntax',
    'a line is no assignment',
    demo({ [release]: releaseText({ 'A comment\nSYSEXT_ID': 'demo' }) }),
    ['warning', release],
  ),

  on('os-release', 'there is an os-release', demo({ 'usr/lib/os-release': 'ID=flatcar\n' }), [
    'error',
    'usr/lib/os-release',
  ]),

  on('release-id', 'ID is missing', demo({ [release]: releaseText({ ID: undefined }) }), ['error', release]),
  on('release-id', 'ID is empty', demo({ [release]: releaseText({ ID: '""' }) }), ['error', release]),
  on('release-id', 'ID is of another OS', demo({ [release]: releaseText({ ID: 'debian' }) }), ['warning', release]),
  on('release-id', 'ID is any', demo({ [release]: releaseText({ ID: '_any', SYSEXT_LEVEL: undefined }) })),

  on('release-architecture', 'ARCHITECTURE is missing', demo({ [release]: releaseText({ ARCHITECTURE: undefined }) }), [
    'error',
    release,
  ]),
  on('release-architecture', 'ARCHITECTURE is any', demo({ [release]: releaseText({ ARCHITECTURE: '_any' }) }), [
    'error',
    release,
  ]),
  on('release-architecture', "ARCHITECTURE is Go's name", demo({ [release]: releaseText({ ARCHITECTURE: 'amd64' }) }), [
    'error',
    release,
  ]),
  on(
    'release-architecture',
    'ARCHITECTURE is not that of the file name',
    demo({ [release]: releaseText({ ARCHITECTURE: 'arm64' }), 'usr/bin/demo': program({ arch: 'arm64' }) }),
    ['error', release],
  ),
  on(
    'release-architecture',
    'an image without programs is for every architecture',
    demo({ [release]: releaseText({ ARCHITECTURE: undefined }), 'usr/bin/demo': text('#!/bin/sh\n', { mode: 0o755 }) }),
  ),

  on(
    'release-level',
    'neither level nor version is set',
    demo({ [release]: releaseText({ SYSEXT_LEVEL: undefined }) }),
    ['error', release],
  ),
  on('release-level', 'the level is not the one of Flatcar', demo({ [release]: releaseText({ SYSEXT_LEVEL: '1' }) }), [
    'error',
    release,
  ]),
  on('release-level', 'level and version are set', demo({ [release]: releaseText({ VERSION_ID: '4593.2.5' }) }), [
    'warning',
    release,
  ]),
  on(
    'release-level',
    'the image is pinned',
    demo({ [release]: releaseText({ SYSEXT_LEVEL: undefined, VERSION_ID: '4593.2.5' }) }),
  ),

  on(
    'release-scope',
    'the scope is the initrd',
    demo({ [release]: releaseText({ SYSEXT_SCOPE: '"initrd portable"' }) }),
    ['error', release],
  ),
  on(
    'release-scope',
    'the scope contains the system',
    demo({ [release]: releaseText({ SYSEXT_SCOPE: '"initrd system"' }) }),
  ),

  on(
    'reload-manager',
    'units come without the flag',
    demo({ [release]: releaseText({ EXTENSION_RELOAD_MANAGER: undefined }) }),
    ['error', release],
  ),
  on('reload-manager', 'the flag is no', demo({ [release]: releaseText({ EXTENSION_RELOAD_MANAGER: '0' }) }), [
    'error',
    release,
  ]),
  on('reload-manager', 'the flag is yes', demo({ [release]: releaseText({ EXTENSION_RELOAD_MANAGER: 'Yes' }) })),
  on('reload-manager', 'the flag comes without units', withoutUnits(), ['warning', release]),
];

function withoutUnits() {
  const changes = {
    'usr/lib/systemd/system/demo.service': undefined,
    'usr/lib/systemd/system/multi-user.target.d/10-demo-service.conf': undefined,
  };
  return demo(changes, { services: {} });
}

function latin1() {
  const bytes = Buffer.from('ID=flatcar\nNAME=caf\xe9\n', 'latin1');
  return { ...text(''), content: { bytes, size: bytes.length, sha256: '' } };
}
