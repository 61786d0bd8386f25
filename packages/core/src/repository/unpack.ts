import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Blob } from '../cache.ts';
import type { Context } from '../context.ts';
import { stream } from '../exec.ts';

/**
 * Digest and size of what an `.xz` file unpacks to; nothing is written.
 *
 * @throws SysextError `TOOL_MISSING`, `TOOL_FAILED` for a file that is no xz stream.
 */
export async function unpackedBlob(context: Context, path: string): Promise<Blob> {
  const unpacking = stream('xz', ['--decompress', '--stdout'], { ...context, input: createReadStream(path) });
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of unpacking.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  await unpacking.finished;
  return { sha256: hash.digest('hex'), size };
}
