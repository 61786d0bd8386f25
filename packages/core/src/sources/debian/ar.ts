/** A member of an ar archive: where its bytes are. */
export interface ArMember {
  readonly name: string;
  /** Bytes from the start of the archive. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** Reads up to `length` bytes of the archive from `offset`; fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

const magic = '!<arch>\n';
const headerSize = 60;
/** A Debian package has three members (deb(5)), and may have some more beginning with `_`. */
const maxMembers = 16;

/**
 * The members of an ar archive, of the plain form that Debian packages have: short names, no symbol table.
 *
 * Source: ar(5), deb(5).
 *
 * @throws Error that says what is wrong with it, for whatever is not of that form.
 */
export async function readAr(size: number, read: ReadBytes): Promise<ArMember[]> {
  const text = async (offset: number, length: number): Promise<string> =>
    Buffer.from(await read(offset, length)).toString('latin1');
  if ((await text(0, magic.length)) !== magic) throw new Error('it does not begin like an ar archive');
  const members: ArMember[] = [];
  for (let at = magic.length; at < size;) {
    if (members.length === maxMembers) throw new Error(`it has more than ${maxMembers} members`);
    const header = await text(at, headerSize);
    const fields = /^([\w.+-]{1,16})\/? *[\d ]{12}[\d ]{6}[\d ]{6}[0-7 ]{8}(\d{1,10}) *`\n$/.exec(header);
    if (header.length < headerSize || fields === null || header.slice(0, 16).trimEnd().replace(/\/$/, '') !== fields[1])
      throw new Error(`the header at byte ${at} is none`);
    const member = { name: fields[1], offset: at + headerSize, size: Number(fields[2]) };
    if (member.offset + member.size > size) throw new Error(`${member.name} goes beyond its end`);
    members.push(member);
    // Members begin at even offsets.
    at = member.offset + member.size + (member.size % 2);
  }
  return members;
}
