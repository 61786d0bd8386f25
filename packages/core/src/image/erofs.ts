import { createWriteStream } from 'node:fs';
import { chmod, link, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { SysextError, ioError } from '../errors.ts';
import { run } from '../exec.ts';
import { compareTrees } from '../listing.ts';
import { type Entry, type FileEntry, type Tree, readVerified } from '../tree.ts';
import type { Compression, Profile } from './profile.ts';
import { openImage } from './read.ts';

/** lz4hc is what Flatcar's kernel decompresses; of its clusters, 64 KiB are what Flatcar's own images have. */
const compressions: Record<Profile, Compression> = {
  fast: { algorithm: 'lz4hc', level: 3, blockSize: 64 * 1024 },
  default: { algorithm: 'lz4hc', level: 9, blockSize: 64 * 1024 },
  release: { algorithm: 'lz4hc', level: 12, blockSize: 64 * 1024 },
};

/** Version of the installed erofs-utils: `1.5`. */
export async function mkfsErofsVersion(context: Context): Promise<string> {
  // mkfs.erofs 1.5 has no option that prints it.
  const said = Buffer.from(await run('fsck.erofs', ['-V'], context)).toString('utf8');
  return /\d+\.\S+/.exec(said)?.[0] ?? said.split('\n', 1)[0]!;
}

/**
 * Writes a tree as an erofs image to `output`, which must not exist.
 *
 * `mkfs.erofs` takes a directory, so the tree is laid out in a temporary one, with modes of its
 * own; owners are set to root by the tool. Files with the same bytes and mode are stored once, as
 * hard links.
 *
 * The image is read back and compared with the tree: erofs-utils 1.5 and 1.8 have been seen to
 * write other bytes than they were given, with `-Eztailpacking` and `-Efragments`, which save
 * little and are not used here.
 *
 * @throws SysextError `TREE_CONFLICT` for what this cannot express: another owner than root,
 * extended attributes, devices and sockets; `TOOL_MISSING`, `TOOL_FAILED`, `NO_SPACE`, `IO`.
 */
export async function writeErofs(
  context: Context,
  tree: Tree,
  output: string,
  options: { readonly profile: Profile; readonly subject: string },
): Promise<Compression> {
  const compression = compressions[options.profile];
  const staging = await context.cache.temporaryPath();
  try {
    await layOut(context, tree, staging);
    const args = [
      `-z${compression.algorithm},${compression.level}`, `-C${compression.blockSize}`, '-T0',
      '-U', '00000000-0000-0000-0000-000000000000', '-x-1', '--all-root', '--quiet', '--', output, staging,
    ]; // prettier-ignore
    await run('mkfs.erofs', args, context);
    await verify(context, tree, output);
    return compression;
  } catch (error) {
    context.signal.throwIfAborted();
    throw ioError(error, 'cannot lay the image out in', staging);
  } finally {
    await removeStaging(tree, staging);
  }
}

/** Makes a directory of a tree. Directories get their mode last, so that one without `w` can be filled. */
async function layOut(context: Context, tree: Tree, staging: string): Promise<void> {
  await mkdir(staging, { mode: 0o700 });
  const firsts = new Map<string, string>();
  for (const [path, entry] of tree) {
    context.signal.throwIfAborted();
    const problem = inexpressible(entry);
    if (problem !== undefined)
      throw new SysextError('TREE_CONFLICT', `/${path} ${problem}, which no erofs written here may hold`);
    const target = join(staging, path);
    if (entry.type === 'directory') await mkdir(target, { mode: 0o700 });
    else if (entry.type === 'symlink') await symlink(entry.target, target);
    else if (entry.type === 'file') await placeFile(path, entry, target, firsts);
  }
  for (const [path, entry] of [...tree].toReversed()) {
    if (entry.type === 'directory') await chmod(join(staging, path), entry.mode);
  }
  await chmod(staging, 0o755);
}

function inexpressible(entry: Entry): string | undefined {
  if (entry.uid !== 0 || entry.gid !== 0) return `belongs to ${entry.uid}:${entry.gid}`;
  if (entry.xattrs.length > 0) return `carries ${entry.xattrs.join(' and ')}`;
  return ['file', 'directory', 'symlink'].includes(entry.type) ? undefined : `is a ${entry.type}`;
}

/** @param firsts paths by content and mode, for links. */
async function placeFile(
  path: string,
  { content, mode }: FileEntry,
  target: string,
  firsts: Map<string, string>,
): Promise<void> {
  const key = `${content.sha256} ${mode}`;
  const first = firsts.get(key);
  if (first !== undefined && content.size > 0) {
    await link(first, target);
    return;
  }
  await pipeline(readVerified(path, content), createWriteStream(target, { flags: 'wx' }));
  await chmod(target, mode);
  firsts.set(key, target);
}

async function verify(context: Context, tree: Tree, output: string): Promise<void> {
  await using written = await openImage(context, output);
  const [difference] = compareTrees(tree, written.tree);
  if (difference === undefined) return;
  throw new SysextError('TOOL_FAILED', `mkfs.erofs wrote /${difference.path} otherwise than it was given`, {
    hint: 'use the squashfs format, or another version of erofs-utils',
    data: difference,
  });
}

async function removeStaging(tree: Tree, staging: string): Promise<void> {
  for (const [path, { type, mode }] of tree) {
    if (type === 'directory' && (mode & 0o700) !== 0o700)
      await chmod(join(staging, path), 0o700).catch(() => undefined);
  }
  await rm(staging, { recursive: true, force: true });
}
