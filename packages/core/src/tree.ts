import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from './artifact.ts';
import { type Cache, hashFile, sha256 } from './cache.ts';
import { SysextError, ioError, systemCode } from './errors.ts';
import { releasePath, renderExtensionRelease } from './extension-release.ts';
import { imagePathProblem, parentsOf } from './image-path.ts';
import type { Plan } from './plan.ts';
import { fillTemplate } from './template.ts';
import { isUnitPath, renderSetup, renderStarts } from './units.ts';
import { isInRange } from './version-range.ts';

/** Bytes of a file: on disk, or small and made here. */
export type Content = { readonly sha256: string; readonly size: number } & (
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
);

interface EntryBase {
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names of extended attributes. */
  readonly xattrs: readonly string[];
  /** Where it comes from: a program of the recipe, `files`, `generated`, or nothing that is known. */
  readonly origin?: string | undefined;
}

export interface FileEntry extends EntryBase {
  readonly type: 'file';
  readonly content: Content;
}

export interface DirectoryEntry extends EntryBase {
  readonly type: 'directory';
}

export interface SymlinkEntry extends EntryBase {
  readonly type: 'symlink';
  readonly target: string;
}

/** Anything an image must not hold, but an image of others may. */
export interface SpecialEntry extends EntryBase {
  readonly type: 'character-device' | 'block-device' | 'fifo' | 'socket';
  readonly major: number;
  readonly minor: number;
}

export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | SpecialEntry;

/**
 * What an image holds: path → entry, in the byte order of the paths, every parent directory
 * included. Paths have no leading slash; the root itself is not listed.
 */
export type Tree = ReadonlyMap<string, Entry>;

const owner = { uid: 0, gid: 0, xattrs: [] } as const;

/** A directory as this project makes them. */
export const plainDirectory: DirectoryEntry = { type: 'directory', mode: 0o755, ...owner };

/** A file with content that is made here. */
export function textFile(text: string, origin: string): FileEntry {
  const bytes = Buffer.from(text, 'utf8');
  return { type: 'file', mode: 0o644, ...owner, content: { bytes, sha256: sha256(bytes), size: bytes.length }, origin };
}

/** Adds missing parents, and sorts. */
export function completeTree(entries: ReadonlyMap<string, Entry>): Tree {
  const all = new Map(entries);
  for (const path of entries.keys()) {
    for (const parent of parentsOf(path)) if (!all.has(parent)) all.set(parent, plainDirectory);
  }
  return new Map([...all].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

/**
 * A file's bytes, hashed as they pass.
 *
 * @throws SysextError `CACHE_DAMAGED`, after the last of them, when they are not the ones the
 * content is named after; `data` then holds the digest.
 */
export async function* readVerified(path: string, content: Content): AsyncGenerator<Uint8Array, void, undefined> {
  if ('bytes' in content) return yield content.bytes;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(content.file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') === content.sha256) return;
  throw new SysextError('CACHE_DAMAGED', `/${path}: ${content.file} does not have the digest ${content.sha256}`, {
    hint: 'run the same command again',
    data: { sha256: content.sha256 },
  });
}

/** Hashes every file of a tree; throws what {@link readVerified} throws. */
export async function verifyTree(tree: Tree): Promise<void> {
  for (const [path, entry] of tree) {
    if (entry.type !== 'file') continue;
    for await (const _ of readVerified(path, entry.content));
  }
}

/** Up to `length` bytes from `offset`; fewer at the end of the file. */
export async function readRange(content: Content, offset: number, length: number): Promise<Buffer> {
  if ('bytes' in content) return Buffer.from(content.bytes.subarray(offset, offset + length));
  const file = await open(content.file, 'r');
  try {
    const wanted = Math.max(0, Math.min(length, content.size - offset));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Puts the tree of an image together: what the sources delivered, the extension's static files,
 * what the recipe declares, and what follows from all of it (release file, drop-ins, setup unit).
 *
 * @throws SysextError `TREE_CONFLICT` when two of them claim a path, or a substitution finds
 * nothing to replace.
 */
export async function stage(cache: Cache, plan: Plan, artifacts: readonly Artifact[]): Promise<Tree> {
  const { extension } = plan;
  const entries = new Map<string, Entry>();
  const add = (path: string, entry: Entry): void => {
    const problem = imagePathProblem(path);
    if (problem !== undefined) throw conflict(plan, `${JSON.stringify(path)} from ${entry.origin}: ${problem}`);
    const present = entries.get(path);
    if (present !== undefined) {
      throw conflict(
        plan,
        `/${path} comes from both ${present.origin} and ${entry.origin}`,
        'let one of them "leave" it, or delete it from files/',
      );
    }
    entries.set(path, entry);
  };

  for (const { program, members } of artifacts) {
    for (const member of members) {
      if (member.type === 'symlink') {
        add(member.path, { type: 'symlink', mode: 0o777, ...owner, target: member.target, origin: program });
      } else {
        const { sha256, size } = member;
        const content = { file: cache.blobPath(sha256), sha256, size };
        add(member.path, { type: 'file', mode: member.mode, ...owner, content, origin: program });
      }
    }
  }
  await substitute(plan, entries);
  for (const [path, entry] of await staticFiles(join(extension.directory, 'files'))) add(path, entry);
  for (const [path, choices] of Object.entries(extension.links ?? {})) {
    const target =
      typeof choices === 'string' ? choices : choices.find(({ when }) => isInRange(when, plan.version))?.target;
    if (target === undefined) continue;
    add(path.slice(1), { type: 'symlink', mode: 0o777, ...owner, target, origin: 'recipe' });
  }
  for (const [path, text] of Object.entries(extension.texts ?? {})) {
    add(path.slice(1), textFile(fillTemplate(text, plan.values), 'recipe'));
  }
  for (const [path, text] of [...renderStarts(extension), ...renderSetup(extension, [...entries.keys()])]) {
    add(path, textFile(text, 'generated'));
  }
  const reloadManager = [...entries.keys()].some(
    (path) => isUnitPath(path) || /\/systemd\/system\/.*\.d\/.*\.conf$/.test(path),
  );
  add(releasePath(plan.name), textFile(renderExtensionRelease({ ...plan, reloadManager }), 'generated'));

  for (const path of entries.keys()) {
    for (const parent of parentsOf(path)) {
      const present = entries.get(parent);
      if (present !== undefined && present.type !== 'directory') {
        throw conflict(plan, `/${parent} is a ${present.type} from ${present.origin}, and /${path} lies below it`);
      }
    }
  }
  return completeTree(entries);
}

function conflict(plan: Plan, message: string, hint?: string): SysextError {
  return new SysextError('TREE_CONFLICT', `${plan.name}: ${message}`, { hint });
}

/** Applies the recipe's literal replacements to files that came from upstream. */
async function substitute(plan: Plan, entries: Map<string, Entry>): Promise<void> {
  for (const [path, replacements] of Object.entries(plan.extension.substitute ?? {})) {
    const entry = entries.get(path.slice(1));
    if (entry?.type !== 'file') throw conflict(plan, `substitute: upstream delivers no file ${path}`);
    let text = (await readRange(entry.content, 0, entry.content.size)).toString('utf8');
    for (const [from, to] of Object.entries(replacements)) {
      if (!text.includes(from)) throw conflict(plan, `substitute: ${path} does not contain ${JSON.stringify(from)}`);
      text = text.replaceAll(from, to);
    }
    entries.set(path.slice(1), { ...textFile(text, entry.origin ?? plan.name), mode: entry.mode });
  }
}

/**
 * The regular files below a directory. A file somebody may execute becomes 0755, any other 0644:
 * what a checkout's umask did to the rest of the mode does not matter.
 *
 * @throws SysextError `TREE_CONFLICT` for a link or an empty directory, which npm packages lose.
 */
export async function staticFiles(directory: string): Promise<Map<string, FileEntry>> {
  const entries = new Map<string, FileEntry>();
  const walk = async (below: string): Promise<void> => {
    const path = join(directory, below);
    const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
      if (below === '' && systemCode(error) === 'ENOENT') return [];
      throw ioError(error, 'cannot read', path);
    });
    for (const item of found) {
      const name = below === '' ? item.name : `${below}/${item.name}`;
      if (item.isDirectory()) await walk(name);
      else if (item.isFile()) entries.set(name, await staticFile(join(directory, name)));
      else {
        throw new SysextError('TREE_CONFLICT', `${join(directory, name)} is no regular file; npm packages lose links`, {
          hint: 'declare links in the recipe: links: { "/usr/…": "target" }',
        });
      }
    }
  };
  await walk('');
  return entries;
}

async function staticFile(file: string): Promise<FileEntry> {
  const handle = await open(file, 'r');
  try {
    const executable = ((await handle.stat()).mode & 0o111) !== 0;
    return {
      type: 'file',
      mode: executable ? 0o755 : 0o644,
      ...owner,
      content: { file, ...(await hashFile(file)) },
      origin: 'files',
    };
  } finally {
    await handle.close();
  }
}
