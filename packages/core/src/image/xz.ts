import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { run, stream } from '../exec.ts';
import type { Profile } from './profile.ts';

/** Version of the installed xz: `5.4.1`. */
export async function xzVersion(context: Context): Promise<string> {
  const said = Buffer.from(await run('xz', ['--version'], context)).toString('utf8');
  return /xz \(XZ Utils\) (\S+)/.exec(said)?.[1] ?? said.split('\n', 1)[0]!;
}

/** Effort of the search for repetitions; the window is the same for all, and so is what unpacking takes. */
const presets: Record<Profile, string> = { fast: '1', default: '6', release: '9e' };

/** What a host needs in memory to unpack, but for a few MiB. */
const window = '64MiB';

/**
 * Compresses a file to `output`, which must not exist, in one stream and one thread: the bytes depend on the input,
 * the profile and the version of xz alone.
 *
 * @throws SysextError `TOOL_MISSING`, `TOOL_FAILED`, `NO_SPACE`; errors of the file system as they are.
 */
export async function writeXz(
  context: Context,
  input: string,
  output: string,
  { profile, subject }: { readonly profile: Profile; readonly subject: string },
): Promise<void> {
  const { size: total } = await stat(input);
  let done = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, next) {
      context.onEvent({ type: 'progress', step: 'compress', subject, done: (done += chunk.length), total });
      next(null, chunk);
    },
  });
  const source = createReadStream(input, { highWaterMark: 1 << 18 });
  source.on('error', (error) => counted.destroy(error));
  const filter = `--lzma2=preset=${presets[profile]},dict=${window}`;
  const args = ['--compress', '--stdout', '--threads=1', filter];
  const file = await open(output, 'wx', 0o644);
  const compressed = stream('xz', args, { ...context, input: source.pipe(counted) });
  await pipeline(compressed.stdout, file.createWriteStream());
  await compressed.finished;
}
