import { crc32, gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** A member as a test wants it, however wrong. */
export interface ArchiveMember {
  readonly path: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  /** Target of a link. */
  readonly linkpath?: string;
  /** Size to declare, instead of the content's. */
  readonly size?: number;
}

/** A tar with exactly these members; nothing is checked or corrected. */
export function tar(members: readonly ArchiveMember[]): Buffer {
  const blocks = members.flatMap(({ path, type = 'File', content = '', mode = 0o755, linkpath, size }) => {
    const bytes = Buffer.from(content);
    const header = new Header({
      path,
      type,
      mode,
      uid: 1000,
      gid: 1000,
      size: size ?? bytes.length,
      mtime: new Date(1_700_000_000_000),
      ...(linkpath === undefined ? {} : { linkpath }),
      ...(type.endsWith('Device') ? { devmaj: 1, devmin: 3 } : {}),
    });
    header.encode();
    return [header.block!, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Compressed as upstreams do it. */
export function gzip(bytes: Uint8Array): Buffer {
  return gzipSync(bytes, { level: 6 });
}

/** A zip of stored (uncompressed) members with Unix modes (APPNOTE 4.3). */
export function zip(members: readonly ArchiveMember[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { path, type = 'File', content = '', mode = 0o755, linkpath, size } of members) {
    const bytes = Buffer.from(type === 'SymbolicLink' ? (linkpath ?? '') : content);
    const name = Buffer.from(path);
    const kind = type === 'SymbolicLink' ? 0o120000 : type === 'CharacterDevice' ? 0o020000 : 0o100000;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2); // names are UTF-8
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(size ?? bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), common, name, bytes);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(((kind | mode) << 16) >>> 0, 6);
    end.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, end, name);
    offset += 4 + common.length + name.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const trailer = Buffer.alloc(18);
  trailer.writeUInt16LE(members.length, 4);
  trailer.writeUInt16LE(members.length, 6);
  trailer.writeUInt32LE(directory.length, 8);
  trailer.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06', 'latin1'), trailer]);
}

/** An ar archive with exactly these members (ar(5)). */
export function ar(members: readonly { readonly name: string; readonly content: string | Uint8Array }[]): Buffer {
  const parts = members.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\x60\n`;
    return [Buffer.from(header), bytes, Buffer.alloc(bytes.length % 2, '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** A Debian package with these files (deb(5)). */
export function deb(members: readonly ArchiveMember[]): Buffer {
  return ar([
    { name: 'debian-binary', content: '2.0\n' },
    { name: 'control.tar.gz', content: gzip(tar([{ path: './control', content: 'Package: demo\n', mode: 0o644 }])) },
    { name: 'data.tar.gz', content: gzip(tar(members.map((member) => ({ ...member, path: `./${member.path}` })))) },
  ]);
}
