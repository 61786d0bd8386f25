import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineArch } from '@sysext/core';
import type { Payload } from '@sysext/payload';
import { tinyElf } from '@sysext/testing';
import wasmcloud from '../extension.ts';

/** With a program that does nothing in place of wasmCloud's own, which only its release has. */
export const payload: Payload = { extension: wasmcloud, programs: { wasmcloud: wash } };

async function wash(directory: string): Promise<string> {
  const file = join(directory, 'wash');
  await writeFile(file, tinyElf(machineArch()!, 'wash'));
  return file;
}
