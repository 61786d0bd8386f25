import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { stream } from '../exec.ts';
import type { Entry } from '../tree.ts';
import type { Contents } from './contents.ts';
import { Entries, decodeName } from './entries.ts';
import { imageInvalid } from './image-invalid.ts';
import { CutShort, type TarEntry, readSqfsTar } from './sqfs-tar.ts';

/**
 * Reads a squashfs of any compression through `sqfs2tar` (squashfs-tools-ng).
 *
 * Owners, modes, devices, hard links (each name becomes an entry) and the names of extended
 * attributes come from the image, whoever reads it.
 *
 * @param source file that begins with the squashfs.
 * @param image its name for messages.
 * @throws SysextError `IMAGE_INVALID`, also for an image with a socket, which no tar can carry;
 * `TOOL_MISSING`.
 */
export async function readSquashfs(
  context: Context,
  source: string,
  image: string,
  contents: Contents,
): Promise<Entries> {
  const entries = new Entries(image);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const skipped: string[] = [];
  const tar = stream('sqfs2tar', ['--root-becomes', '.', '--no-skip', '--', source], {
    ...context,
    signal,
    onErrorLine: (line) => skipped.push(...(/^WARNING: \.\/(.*): cannot pack socket$/.exec(line)?.slice(1) ?? [])),
  });
  try {
    const reading = readSqfsTar(tar.stdout, image, async (record, content) => {
      context.signal.throwIfAborted();
      const path = pathOf(record.name, image);
      entries.add(path, await entryOf(record, content, entries, contents, image));
    });
    await reading.catch(async (error: unknown) => {
      // Why the program failed says more than that its tar stops.
      if (error instanceof CutShort) await tar.finished;
      throw error;
    });
    await tar.finished;
    return entries;
  } catch (error) {
    stop.abort();
    tar.stdout.destroy();
    await tar.finished.catch(() => undefined);
    context.signal.throwIfAborted();
    if (!(error instanceof SysextError) || error.code !== 'TOOL_FAILED') throw error;
    if (skipped.length > 0) {
      throw imageInvalid(image, `it holds the socket /${skipped[0]}, and sockets cannot be read out of a squashfs`, {
        hint: 'an image has no use for a socket: remove it and build the image again',
      });
    }
    throw imageInvalid(image, `it cannot be read: ${error.message}`, { cause: error });
  }
}

function pathOf(name: Buffer, image: string): string {
  return decodeName(name, image).replace(/^\.\//, '').replace(/\/$/, '');
}

async function entryOf(
  record: TarEntry,
  content: AsyncIterable<Buffer>,
  entries: Entries,
  contents: Contents,
  image: string,
): Promise<Entry> {
  const { mode, uid, gid, major, minor } = record;
  const base = { mode: mode & 0o7777, uid, gid, xattrs: record.xattrs.map((name) => decodeName(name, image)) };
  switch (record.type) {
    case '0':
      return { type: 'file', ...base, content: await contents.add(content, record.size) };
    case '1': {
      const target = pathOf(record.linkTarget, image);
      const entry = entries.get(target);
      if (entry === undefined || entry.type === 'directory')
        throw imageInvalid(image, `a hard link leads to /${target}, which is none of its files`);
      return entry;
    }
    case '2':
      return { type: 'symlink', ...base, target: decodeName(record.linkTarget, image) };
    case '3':
      return { type: 'character-device', ...base, major, minor };
    case '4':
      return { type: 'block-device', ...base, major, minor };
    case '5':
      return { type: 'directory', ...base };
    case '6':
      return { type: 'fifo', ...base, major: 0, minor: 0 };
    default:
      throw imageInvalid(image, `sqfs2tar wrote an entry of the unknown type ${JSON.stringify(record.type)}`);
  }
}
