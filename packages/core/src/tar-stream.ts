import { Readable } from 'node:stream';
import { Header } from 'tar';
import { SysextError } from './errors.ts';
import { type Entry, type Tree, readVerified } from './tree.ts';

/**
 * A tree as an uncompressed tar: entries in the tree's order, every time stamp 0.
 *
 * Owner and modes come from the tree, never from a file system, so whoever builds, with
 * whatever umask, makes the same bytes.
 *
 * @param onBytes called with the number of content bytes handed on so far.
 * @throws SysextError `CACHE_DAMAGED` when a file's bytes are not the ones of the tree.
 */
export function tarOf(tree: Tree, onBytes: (done: number) => void): Readable {
  return Readable.from(chunks(tree, onBytes), { objectMode: false, highWaterMark: 1 << 20 });
}

async function* chunks(tree: Tree, onBytes: (done: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (const [path, entry] of tree) {
    yield headerOf(path, entry);
    if (entry.type !== 'file') continue;
    for await (const chunk of readVerified(path, entry.content)) yield chunk;
    const { size } = entry.content;
    const rest = size % 512;
    if (rest !== 0) yield new Uint8Array(512 - rest);
    onBytes((done += size));
  }
  yield new Uint8Array(1024);
}

const types = { file: 'File', directory: 'Directory', symlink: 'SymbolicLink' } as const;

function headerOf(path: string, entry: Entry): Uint8Array {
  if (!(entry.type in types))
    throw new SysextError('TREE_CONFLICT', `/${path} is a ${entry.type}, which no image may hold`);
  const data = {
    path: entry.type === 'directory' ? `${path}/` : path,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.type === 'file' ? entry.content.size : 0,
    mtime: new Date(0),
    type: types[entry.type as keyof typeof types],
    ...(entry.type === 'symlink' ? { linkpath: entry.target } : {}),
  };
  const header = new Header(data);
  const isShort = !header.encode();
  if (isShort) return header.block!;
  return Buffer.concat([
    longText('NextFileHasLongPath', data.path),
    ...(entry.type === 'symlink' ? [longText('NextFileHasLongLinkpath', entry.target)] : []),
    header.block!,
  ]);
}

/**
 * A GNU record for a text that does not fit into a header. Of pax records, mksquashfs 4.5.1 refuses
 * some, and takes a leading `/` or `../` off a `linkpath`.
 */
function longText(type: 'NextFileHasLongPath' | 'NextFileHasLongLinkpath', text: string): Uint8Array {
  const bytes = Buffer.from(`${text}\0`);
  const header = new Header({ path: '././@LongLink', type, mode: 0o644, size: bytes.length });
  header.encode();
  return Buffer.concat([header.block!, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
