import { SysextError } from '../errors.ts';

/** A line of `SHA256SUMS`. */
export interface Sum {
  readonly file: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** systemd refuses a longer list. */
const maxSize = 64 * 1024 ** 2;

/**
 * Writes a checksum list in the one form that every version of systemd-sysupdate takes: `<hex> *<name>`, sorted,
 * a newline at the end of each line. One bad line would make hosts refuse the whole list.
 */
export function renderSums(sums: readonly Sum[]): string {
  return sums
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, sha256 }) => `${sha256} *${file}\n`)
    .join('');
}

/**
 * Reads a checksum list, and takes nothing but what {@link renderSums} writes. That is less than systemd takes: a list
 * in another form was not written by this library.
 *
 * @param where names the list in errors.
 * @throws SysextError `REPOSITORY_INVALID`, naming the first bad line.
 */
export function parseSums(data: Uint8Array, where: string): Sum[] {
  if (data.length > maxSize) throw invalid(where, `${data.length} bytes, of which systemd takes ${maxSize}`);
  // One byte is one character: whatever is not ASCII does not match.
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  if (text === '') return [];
  if (/^\s*</.test(text)) throw invalid(where, 'it is a web page');
  if (!text.endsWith('\n')) throw invalid(where, 'the last line has no end');
  const sums: Sum[] = [];
  for (const [at, line] of text.slice(0, -1).split('\n').entries()) {
    const match = /^([0-9a-f]{64}) \*([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(line);
    if (match === null) {
      throw invalid(
        where,
        `line ${at + 1} is not "<64 hexadecimal digits> *<name>": ${JSON.stringify(line.slice(0, 120))}`,
      );
    }
    const sum = { sha256: match[1]!, file: match[2]! };
    const before = sums.at(-1);
    if (before !== undefined && before.file >= sum.file) {
      throw invalid(where, `line ${at + 1}: ${sum.file} is out of order, or there twice`);
    }
    sums.push(sum);
  }
  return sums;
}

function invalid(where: string, what: string): SysextError {
  return new SysextError('REPOSITORY_INVALID', `${where} is no checksum list that hosts can rely on: ${what}`);
}
