import type { Context } from '../context.ts';
import { run } from '../exec.ts';
import { tarOf } from '../tar-stream.ts';
import type { Tree } from '../tree.ts';
import type { Transport } from '../transport.ts';
import { type Compression, type Profile, contentSize } from './profile.ts';

const compressions: Record<Profile, Compression> = {
  fast: { algorithm: 'zstd', level: 3, blockSize: 128 * 1024 },
  default: { algorithm: 'zstd', level: 14, blockSize: 256 * 1024 },
  release: { algorithm: 'zstd', level: 19, blockSize: 1024 * 1024 },
};

/** What a long-window compressor then finds more in. */
const uncompressed: Compression = { algorithm: 'none', level: 0, blockSize: 1024 * 1024 };

/** Version of the installed mksquashfs: `4.5.1`. */
export async function mksquashfsVersion(context: Context): Promise<string> {
  const said = Buffer.from(await run('mksquashfs', ['-version'], context)).toString('utf8');
  return /mksquashfs version (\S+)/.exec(said)?.[1] ?? said.split('\n', 1)[0]!;
}

/**
 * Writes a tree as a squashfs image to `output`, which must not exist.
 *
 * mksquashfs gets the tree as a tar on standard input: no staging directory, no root, and
 * nothing of the building machine's file system in the image.
 */
export async function writeSquashfs(
  context: Context,
  tree: Tree,
  output: string,
  options: { readonly profile: Profile; readonly transport: Transport; readonly subject: string },
): Promise<Compression> {
  const compression = options.transport === 'plain' ? compressions[options.profile] : uncompressed;
  const { algorithm, level, blockSize } = compression;
  const total = contentSize(tree);
  const input = tarOf(tree, (done) =>
    context.onEvent({ type: 'progress', step: 'compress', subject: options.subject, done, total }),
  );
  const args = [
    '-', output, '-tar', '-noappend', '-quiet', '-no-progress', '-no-xattrs', '-reproducible',
    // Bounds the read-ahead as well, so that progress means something.
    '-mem', '256M', '-b', String(blockSize),
    ...(compression === uncompressed
      ? ['-noI', '-noD', '-noF', '-noX']
      : ['-comp', algorithm, '-Xcompression-level', String(level)]),
    '-mkfs-time', '0', '-all-time', '0', '-root-time', '0', '-root-mode', '755',
    // Reading a tar, mksquashfs 4.5.1 passes over -root-uid: the root directory would be the builder's.
    '-all-root',
  ]; // prettier-ignore
  await run('mksquashfs', args, { ...context, input });
  return compression;
}
