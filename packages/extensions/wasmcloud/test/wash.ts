import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineArch } from '@sysext/core';
import { tinyElf } from '@sysext/testing';

/** In place of wasmCloud's own program, which only its release has: a program that does nothing. */
export async function wash(directory: string): Promise<string> {
  const file = join(directory, 'wash');
  await writeFile(file, tinyElf(machineArch()!, 'wash'));
  return file;
}
