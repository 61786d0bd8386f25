import { writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { Header } from 'tar';
import { type Context, createContext } from '../../context.ts';
import { Cache } from '../../cache.ts';

/** A context whose cache is in a directory of the test, and whose environment holds no more than tools need. */
export function testContext(directory: string, signal?: AbortSignal): Context {
  return createContext({
    cache: new Cache(`${directory}/cache`),
    env: { PATH: process.env['PATH'] },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What goes into an image made for a test. */
export interface TestMember {
  readonly path: string | Buffer;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Target of a link. */
  readonly linkpath?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly xattrs?: Readonly<Record<string, string | Buffer>>;
}

/**
 * A tar that mksquashfs makes images of: names and extended attributes as pax records, and link
 * targets as GNU records, because mksquashfs 4.5.1 takes a leading `../` off a pax `linkpath`.
 */
export function tarOfMembers(members: readonly TestMember[]): Buffer {
  return Buffer.concat([...members.flatMap(recordsOf), Buffer.alloc(1024)]);
}

function recordsOf(member: TestMember): Buffer[] {
  const { type = 'File', content = '', mode = 0o755, uid = 0, gid = 0, linkpath, device, xattrs = {} } = member;
  const path = Buffer.from(member.path);
  const pax = Buffer.concat([
    paxRecord('path', path),
    ...Object.entries(xattrs).map(([name, value]) => paxRecord(`SCHILY.xattr.${name}`, Buffer.from(value))),
  ]);
  const bytes = Buffer.from(content);
  const target = Buffer.from(linkpath === undefined ? '' : `${linkpath}\0`);
  const long = new Header({ path: 'link', type: 'NextFileHasLongLinkpath', mode: 0o644, size: target.length });
  const extended = new Header({ path: 'pax', type: 'ExtendedHeader', mode: 0o644, size: pax.length });
  const header = new Header({
    path: 'member', type, mode, uid, gid, size: bytes.length, mtime: new Date(0),
    ...(device === undefined ? {} : { devmaj: device[0], devmin: device[1] }),
  }); // prettier-ignore
  for (const each of [long, extended, header]) each.encode();
  const longLink = linkpath === undefined ? [] : [long.block!, padded(target)];
  return [...longLink, extended.block!, padded(pax), header.block!, padded(bytes)];
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** Makes a squashfs with mksquashfs, with fixed times. */
export async function makeSquashfs(
  file: string,
  source: readonly TestMember[] | { readonly directory: string },
  options: readonly string[] = [],
): Promise<void> {
  const always = ['-noappend', '-quiet', '-no-progress', '-mkfs-time', '0', '-all-time', '0', ...options];
  if ('directory' in source) await execa('mksquashfs', [source.directory, file, ...always]);
  else await execa('mksquashfs', ['-', file, '-tar', ...always], { input: tarOfMembers(source) });
}

/** A partition for {@link diskImage}. */
export interface TestPartition {
  /** Type GUID as it is written. */
  readonly type: string;
  readonly content: Uint8Array;
}

/** The bytes of a GUID on disk: its first three fields are little-endian (UEFI Specification 2.10, appendix A). */
function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).swap32();
  bytes.subarray(4, 8).swap16();
  return bytes;
}

/** A disk with a GUID partition table of four entries, and the partitions one after the other from 1 MiB. */
export function diskImage(partitions: readonly TestPartition[], sector = 512): Buffer {
  const table = Buffer.alloc(4 * 128);
  const parts: Buffer[] = [];
  let offset = 1024 ** 2;
  for (const [index, { type, content }] of partitions.entries()) {
    const size = Math.ceil(content.length / 4096) * 4096;
    guidBytes(type).copy(table, index * 128);
    guidBytes('00000000-0000-4000-8000-00000000000' + index).copy(table, index * 128 + 16);
    table.writeBigUInt64LE(BigInt(offset / sector), index * 128 + 32);
    table.writeBigUInt64LE(BigInt((offset + size) / sector - 1), index * 128 + 40);
    parts.push(Buffer.concat([content, Buffer.alloc(size - content.length)]));
    offset += size;
  }
  const start = Buffer.alloc(1024 ** 2);
  const header = start.subarray(sector);
  header.write('EFI PART', 'latin1');
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(4, 80);
  header.writeUInt32LE(128, 84);
  table.copy(start, 2 * sector);
  return Buffer.concat([start, ...parts]);
}

/** Replaces bytes that occur once in a file. */
export async function patchFile(file: string, bytes: Buffer, from: Buffer, to: Buffer): Promise<void> {
  const at = bytes.indexOf(from);
  if (at === -1 || bytes.includes(from, at + 1) || from.length !== to.length)
    throw new Error(`cannot patch ${from.toString()}`);
  const patched = Buffer.from(bytes);
  to.copy(patched, at);
  await writeFile(file, patched);
}
