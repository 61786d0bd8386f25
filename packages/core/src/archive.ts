import { createReadStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import type { Entry as ZipEntry, ZipFile } from 'yauzl';
import type { Blob } from './cache.ts';
import type { Context } from './context.ts';
import { SysextError, systemCode } from './errors.ts';
import { stream } from './exec.ts';
import { imagePathProblem, resolveLink } from './image-path.ts';
import type { ArchiveFormat } from './sources/source.ts';

/** One member of an archive, checked: its name and its target stay inside the archive. */
export type Member =
  | {
      readonly type: 'file';
      readonly name: string;
      readonly mode: number;
      readonly size: number;
      readonly content: () => AsyncIterable<Uint8Array>;
    }
  | { readonly type: 'symlink'; readonly name: string; readonly target: string }
  /** Another name of an earlier member. */
  | { readonly type: 'hardlink'; readonly name: string; readonly target: string };

/** No real archive of a program is beyond these; a hostile one is, sooner or later. */
export const limits = {
  members: 65_536,
  /** Bytes, of all members together. */
  size: 32 * 1024 ** 3,
  /** Bytes an archive may grow to however small it is, and the factor it may grow by beyond. */
  freeGrowth: 64 * 1024 ** 2,
  growth: 200,
};

/** Format by the end of a file name; anything unknown is a file by itself. */
export function formatOf(name: string): ArchiveFormat {
  const endings: [RegExp, ArchiveFormat][] = [
    [/\.(tar\.gz|tgz)$/, 'tar.gz'],
    [/\.(tar\.xz|txz)$/, 'tar.xz'],
    [/\.(tar\.zst|tzst)$/, 'tar.zst'],
    [/\.(tar\.bz2|tbz2?)$/, 'tar.bz2'],
    [/\.tar$/, 'tar'],
    [/\.zip$/, 'zip'],
  ];
  return endings.find(([ending]) => ending.test(name))?.[1] ?? 'raw';
}

/** How an archive is read that is not a release of one program in a file of its own. */
export interface ReadArchiveOptions {
  /** The archive is a part of the blob; bytes from its start. */
  readonly part?: { readonly offset: number; readonly size: number } | undefined;
  /** It holds parts of a root file system: absolute link targets are of that. */
  readonly isRoot?: boolean | undefined;
}

/**
 * Reads an archive and hands every file and link to `visit`, one after the other. The content
 * of a file is a stream that is read within `visit`, or not at all.
 *
 * The archive is hostile until proven otherwise: member names that are absolute or climb,
 * links that leave the archive, devices, pipes, and anything beyond {@link limits} end the
 * reading. Nothing is written to a path that the archive chooses.
 *
 * @param where name of the archive for messages.
 * @throws SysextError `ARCHIVE_UNSAFE`, `ARCHIVE_TOO_LARGE` or `ARCHIVE_INVALID`.
 */
export async function readArchive(
  context: Context,
  blob: Blob,
  format: Exclude<ArchiveFormat, 'raw'>,
  where: string,
  visit: (member: Member) => Promise<void>,
  options: ReadArchiveOptions = {},
): Promise<void> {
  const guard = new Guard(where, options.part?.size ?? blob.size, options.isRoot ?? false);
  const guarded = async (member: Member): Promise<void> => {
    guard.member(member);
    await visit(member);
  };
  if (format === 'zip') await readZip(context.cache.blobPath(blob.sha256), where, guard, guarded, context.signal);
  else
    await readTar(
      context,
      { path: context.cache.blobPath(blob.sha256), ...options.part },
      format,
      where,
      guard,
      guarded,
    );
}

/** Keeps count of what an archive unpacks to. */
class Guard {
  readonly #where: string;
  readonly #allowed: number;
  readonly #isRoot: boolean;
  #members = 0;
  #declared = 0;
  #inflated = 0;

  constructor(where: string, compressed: number, isRoot: boolean) {
    this.#where = where;
    this.#isRoot = isRoot;
    this.#allowed = limits.freeGrowth + limits.growth * compressed;
  }

  member(member: Member): void {
    if (++this.#members > limits.members) throw this.#tooLarge(`more than ${limits.members} members`);
    if (member.type === 'file') this.#declared += member.size;
    if (this.#declared > limits.size) {
      throw this.#tooLarge(`its members add up to more than ${limits.size} bytes by what they declare`);
    }
    const problem = imagePathProblem(member.name);
    if (problem !== undefined) throw unsafe(this.#where, member.name, problem);
    if (member.type === 'symlink') {
      const isAbsolute = member.target.startsWith('/');
      if (isAbsolute && !this.#isRoot) throw unsafe(this.#where, member.name, 'it links to an absolute path');
      if (!isAbsolute && resolveLink(member.name, member.target) === undefined) {
        throw unsafe(this.#where, member.name, `its link target ${JSON.stringify(member.target)} leaves the archive`);
      }
    }
    if (member.type === 'hardlink' && imagePathProblem(member.target) !== undefined) {
      throw unsafe(this.#where, member.name, `it is a hard link to ${JSON.stringify(member.target)}`);
    }
  }

  inflate(bytes: number): void {
    this.#inflated += bytes;
    if (this.#inflated > this.#allowed) {
      throw this.#tooLarge(`it grows to more than ${limits.growth} times its size when unpacked`);
    }
  }

  #tooLarge(what: string): SysextError {
    return new SysextError('ARCHIVE_TOO_LARGE', `${this.#where}: ${what}`, {
      hint: 'no release looks like this; compare the file with what upstream announces',
    });
  }
}

function unsafe(where: string, name: string, problem: string): SysextError {
  return new SysextError('ARCHIVE_UNSAFE', `${where}: member ${JSON.stringify(name)} is refused: ${problem}`, {
    hint: 'no release looks like this; compare the file with what upstream announces',
  });
}

function invalid(where: string, problem: string, cause?: unknown): SysextError {
  return new SysextError('ARCHIVE_INVALID', `${where}: ${problem}`, { cause });
}

async function readTar(
  context: Context,
  file: Part,
  format: Exclude<ArchiveFormat, 'raw' | 'zip'>,
  where: string,
  guard: Guard,
  visit: (member: Member) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const inflated = inflate({ ...context, signal }, file, format);
  let first = true;
  const check = new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        if (first) checkMagic(chunk, where);
        first = false;
        guard.inflate(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  try {
    const parsing = parseTar(check, where, async (entry) => {
      const member = memberOf(entry, where);
      if (member === undefined) entry.resume();
      else await visit(member);
      // A visitor that does not read the content leaves it to be passed over.
      entry.resume();
    });
    // Both have to end, however the other ends: the parser's visitor may have something to tidy up.
    const ends = await Promise.allSettled([pipeline(inflated.stdout, check, { signal }), parsing]);
    const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
    if (errors.length > 0) throw errors.find((error) => error instanceof SysextError) ?? errors[0];
    await inflated.finished;
    if (first) throw invalid(where, 'it is empty');
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof SysextError && error.code !== 'TOOL_FAILED') throw error;
    throw invalid(
      where,
      `it is no readable ${format} archive: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  } finally {
    stop.abort();
  }
}

/** Drives a tar parser: `visit` sees one entry at a time, and the parser waits for it. */
async function parseTar(source: Readable, where: string, visit: (entry: ReadEntry) => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const parser = new Parser({ gzip: false, brotli: false, zstd: false, maxMetaEntrySize: 1024 * 1024 });
  let chain = Promise.resolve();
  let current: ReadEntry | undefined;
  let stopped = false;
  parser.on('warn', (code, message) => {
    if (code !== 'TAR_ENTRY_INFO') reject(invalid(where, `tar: ${String(message)}`));
  });
  parser.on('entry', (entry) => {
    const before = chain;
    chain = (async () => {
      await before;
      if (stopped) return;
      current = entry;
      await visit(entry);
    })();
    chain.catch(reject);
  });
  parser.on('error', reject);
  parser.on('end', () => chain.then(resolve, reject));
  source.on('error', reject);
  source.on('data', (chunk: Buffer) => {
    if (!parser.write(chunk)) {
      source.pause();
      parser.once('drain', () => source.resume());
    }
  });
  source.on('end', () => parser.end());
  try {
    await promise;
  } catch (error) {
    // Whoever is in the middle of an entry hears of it, and has tidied up before this ends.
    stopped = true;
    current?.on('error', () => undefined).destroy(error);
    await chain.catch(() => undefined);
    throw error;
  } finally {
    source.destroy();
  }
}

/** Every tar in use since 1988 carries this word; without it, half the world's bytes pass for a tar. */
function checkMagic(chunk: Buffer, where: string): void {
  if (chunk.length < 512 || chunk.toString('latin1', 257, 262) !== 'ustar')
    throw invalid(where, 'it holds no tar archive');
}

function memberOf(entry: ReadEntry, where: string): Member | undefined {
  const name = entry.path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (entry.path.startsWith('/')) throw unsafe(where, entry.path, 'its name is absolute');
  switch (entry.type) {
    case 'Directory':
      if (name !== '' && name !== '.' && imagePathProblem(name) !== undefined) {
        throw unsafe(where, entry.path, imagePathProblem(name)!);
      }
      return undefined;
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      return { type: 'file', name, mode: entry.mode ?? 0o644, size: entry.size, content: () => contentOf(entry) };
    case 'SymbolicLink':
      return { type: 'symlink', name, target: entry.linkpath ?? '' };
    case 'Link':
      return { type: 'hardlink', name, target: (entry.linkpath ?? '').replace(/^(?:\.\/)+/, '') };
    case 'CharacterDevice':
    case 'BlockDevice':
    case 'FIFO':
      throw unsafe(where, entry.path, 'it is a device or a pipe');
    default:
      throw unsafe(where, entry.path, `it is of the unusual type ${entry.type}`);
  }
}

async function* contentOf(entry: ReadEntry): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    size += chunk.length;
    yield chunk;
  }
  if (size !== entry.size) throw new Error(`${entry.path} ends after ${size} of ${entry.size} bytes`);
}

/** A file, or some of its bytes. */
interface Part {
  readonly path: string;
  readonly offset?: number | undefined;
  readonly size?: number | undefined;
}

/** The bytes of the tar inside. Formats that Node.js cannot unpack go through their own tools. */
function inflate(
  context: Context,
  { path, offset = 0, size }: Part,
  format: Exclude<ArchiveFormat, 'raw' | 'zip'>,
): { readonly stdout: Readable; readonly finished: Promise<void> } {
  const range = size === undefined ? {} : { start: offset, end: offset + size - 1 };
  const file = (): Readable => createReadStream(path, { highWaterMark: 1 << 18, ...range });
  const through = (unpack: Transform): { stdout: Readable; finished: Promise<void> } => {
    const source = file();
    source.on('error', (error) => unpack.destroy(error));
    return { stdout: source.pipe(unpack), finished: Promise.resolve() };
  };
  const byTool = (tool: string, ...args: string[]): { stdout: Readable; finished: Promise<void> } =>
    size === undefined
      ? stream(tool, [...args, '--', path], context)
      : stream(tool, args, { signal: context.signal, env: context.env, input: file() });
  switch (format) {
    case 'tar':
      return { stdout: file(), finished: Promise.resolve() };
    case 'tar.gz':
      return through(createGunzip({ chunkSize: 1 << 18 }));
    case 'tar.zst':
      return through(createZstdDecompress({ chunkSize: 1 << 18 }));
    case 'tar.xz':
      return byTool('xz', '--decompress', '--stdout', '--memlimit-decompress=1GiB');
    case 'tar.bz2':
      return byTool('bzip2', '--decompress', '--stdout');
    case 'squashfs':
      return stream('sqfs2tar', ['--no-skip', '--', path], context);
  }
}

async function readZip(
  path: string,
  where: string,
  guard: Guard,
  visit: (member: Member) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { open: openZip } = await import('yauzl');
  let zip: ZipFile;
  try {
    zip = await new Promise((resolve, reject) => {
      // Names are checked here, by the same rules as those of every other format.
      openZip(path, { lazyEntries: true, decodeStrings: true, autoClose: false }, (error, opened) =>
        error === null ? resolve(opened) : reject(error),
      );
    });
  } catch (error) {
    throw invalid(where, `it is no readable zip archive: ${(error as Error).message}`, error);
  }
  try {
    for (;;) {
      signal.throwIfAborted();
      const entry = await nextEntry(zip);
      if (entry === undefined) return;
      if (entry.fileName.endsWith('/')) continue;
      const open = (): AsyncIterable<Uint8Array> => zipContent(zip, entry, guard);
      await visit(await zipMember(entry, open, where));
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SysextError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/^(absolute path|invalid relative path|invalid characters)/.test(message)) throw unsafe(where, '?', message);
    throw systemCode(error) === undefined ? invalid(where, `it is no readable zip archive: ${message}`, error) : error;
  } finally {
    zip.close();
  }
}

async function nextEntry(zip: ZipFile): Promise<ZipEntry | undefined> {
  return await new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      zip.removeListener('entry', onEntry);
      zip.removeListener('end', onEnd);
      zip.removeListener('error', onError);
      action();
    };
    const onEntry = (entry: ZipEntry): void => settle(() => resolve(entry));
    const onEnd = (): void => settle(() => resolve(undefined));
    const onError = (error: Error): void => settle(() => reject(error));
    zip.on('entry', onEntry).on('end', onEnd).on('error', onError);
    zip.readEntry();
  });
}

async function zipMember(entry: ZipEntry, content: () => AsyncIterable<Uint8Array>, where: string): Promise<Member> {
  const name = entry.fileName;
  // The high half of the external attributes is st_mode where the archive was made on Unix (APPNOTE 4.4.15).
  const unix = entry.versionMadeBy >>> 8 === 3 ? entry.externalFileAttributes >>> 16 : 0o100644;
  switch (unix & 0o170000) {
    case 0:
    case 0o100000:
      return { type: 'file', name, mode: unix & 0o7777, size: entry.uncompressedSize, content };
    case 0o120000: {
      if (entry.uncompressedSize > 4096) throw unsafe(where, name, 'its link target is too long');
      const chunks: Uint8Array[] = [];
      for await (const chunk of content()) chunks.push(chunk);
      return { type: 'symlink', name, target: Buffer.concat(chunks).toString('utf8') };
    }
    default:
      throw unsafe(where, name, 'it is a device or a pipe');
  }
}

async function* zipContent(zip: ZipFile, entry: ZipEntry, guard: Guard): AsyncIterable<Uint8Array> {
  const content = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => (error === null ? resolve(opened) : reject(error)));
  });
  for await (const chunk of content as AsyncIterable<Buffer>) {
    guard.inflate(chunk.length);
    yield chunk;
  }
}
