import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary.ts';

/** A squashfs of what is in a tar. */
export async function squashfs(tar: Uint8Array): Promise<Buffer> {
  await using directory = await temporaryDirectory();
  const image = join(directory.path, 'image');
  await execa('mksquashfs', ['-', image, '-tar', '-quiet', '-no-progress'], { input: tar });
  return await readFile(image);
}
