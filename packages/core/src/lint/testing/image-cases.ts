import type { Partition } from '../../image/facts.ts';
import { type Case, on } from './case.ts';
import { demo, demoImage, named, release, releaseText } from './subject.ts';

const partition = (role: string): Partition => ({ type: '', role, uuid: '', offset: 0, size: 4096 });
const erofs = { fileSystem: 'erofs', blockSize: 4096 } as const;
const pinned = (versionId: string) => ({
  ...demoImage({ ...erofs, compression: 'lz4' }),
  tree: demo({ [release]: releaseText({ SYSEXT_LEVEL: undefined, VERSION_ID: versionId }) }).tree,
});

/** Catalogue numbers 25–27, 29–31, 42. */
export const imageCases: readonly Case[] = [
  on('erofs', 'the compression is unknown to the kernel', demoImage({ ...erofs, compression: 'lz4+zstd' }), [
    'error',
    'image',
  ]),
  on('erofs', 'LTS may get it', demoImage({ ...erofs, compression: 'lz4' }), ['warning', 'image']),
  on('erofs', 'it is pinned to a release without erofs', pinned('4230.2.0'), ['warning', 'image']),
  on('erofs', 'it is pinned to a release with erofs', pinned('4593.2.5')),

  on('file-system', 'it is none', demoImage({ fileSystem: 'unknown' }), ['error', 'image']),
  on('file-system', 'it is squashfs from long ago', demoImage({ compression: 'lzma' }), ['error', 'image']),

  on('image-truncated', 'the file is empty', demoImage({ size: 0, bytesUsed: 0, fileSystem: 'unknown' }), [
    'error',
    'image',
  ]),
  on('image-truncated', 'the file ends early', demoImage({ size: 36_864 }), ['error', 'image']),

  on('image-padding', 'the file ends within a page', demoImage({ size: 40_001 }), ['error', 'image']),
  on(
    'image-padding',
    'disk images count in sectors',
    demoImage({ size: 41_472, partitions: [partition('root-x86-64')] }),
  ),

  on(
    'disk-image-partition',
    'the partition is for another architecture',
    demoImage({ partitions: [partition('root-arm64')] }),
    ['error', 'image'],
  ),
  on('disk-image-partition', 'there is no partition', { ...demoImage({ partitions: [] }), tree: named('demo').tree }, [
    'error',
    'image',
  ]),
  on(
    'disk-image-partition',
    'there is a usr partition',
    demoImage({ partitions: [partition('usr-x86-64'), partition('usr-x86-64-verity')] }),
  ),

  on(
    'disk-image-signature',
    'it is signed',
    demoImage({ partitions: [partition('root-x86-64'), partition('root-x86-64-verity-sig')] }),
    ['warning', 'image'],
  ),

  on('image-timestamp', 'it carries the time of its build', demoImage({ createdAt: 1_700_000_000 }), [
    'warning',
    'image',
  ]),
  on('image-timestamp', 'its time is no time', demoImage({ createdAt: 1e15 }), ['warning', 'image']),

  on('name-characters', 'there is an underscore', named('demo_x'), ['error', 'image']),
  on('name-characters', 'there is a comma', named('demo,x'), ['error', 'image']),
  on('name-characters', 'there is an upper-case letter', named('Demo'), ['warning', 'image']),

  on('name-reserved', 'it is a name of Flatcar', named('flatcar-demo'), ['error', 'image']),
  on('name-reserved', 'it is a name of a vendor', named('oem-demo'), ['error', 'image']),
  on('name-reserved', 'it is a name of a built-in image', named('demo-flatcar'), ['error', 'image']),

  on('name-prefix', 'another name begins with it', { ...demo(), siblings: ['demo-tools', 'demon'] }, [
    'warning',
    'image',
  ]),
  on('name-prefix', 'it begins with another name', { ...named('demo-tools'), siblings: ['demo'] }, [
    'warning',
    'image',
  ]),

  on('version-characters', 'there is a tilde', { ...demo(), version: '1.0~rc1' }, ['error', 'image']),
  on('version-characters', 'there is a plus', { ...demo(), version: 'v1.32.2+k3s1' }),
];
