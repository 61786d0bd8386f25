export { type ArchiveMember, ar, deb, gzip, tar, zip } from './archives.ts';
export { type Authority, type Certificate, createAuthority } from './certificates.ts';
export { FakeArchive, type FakePackage, newArchiveKey } from './debian-archive.ts';
export { sayingElf, tinyElf } from './elf.ts';
export { type ElfImage, elfImage } from './elf-image.ts';
export { noise } from './noise.ts';
export { squashfs } from './squashfs.ts';
export { temporaryDirectory } from './temporary.ts';
export { type Fault, type FakeUpstream, startUpstream } from './upstream.ts';
