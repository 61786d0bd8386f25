import { join } from 'node:path';
import {
  type Arch,
  type BuildOptions,
  type Extension,
  SysextError,
  architectures,
  build,
  machineArch,
} from '@sysext/core';
import { findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface BuildCommandOptions extends CommonOptions, Omit<BuildOptions, 'arches' | 'output'> {
  readonly arch?: Arch | 'all';
  readonly output?: string;
}

/** `sysext build`: prints the path of each image. */
export async function buildCommand(target: Extension | string, options: BuildCommandOptions): Promise<void> {
  await session(options, async (context) => {
    const extension = typeof target === 'string' ? await findExtension(target) : target;
    const built = await build(context, extension, {
      ...options,
      arches: chosenArches(options.arch, extension),
      output: options.output ?? join(extension.directory, 'dist'),
    });
    const results = built.map(({ image, transportFile, recordFile, record }) => ({
      image,
      transport: transportFile,
      record: recordFile,
      ...record.image,
      programs: record.programs,
    }));
    printResult(options.json, results, () => built.map(({ image }) => image).join('\n'));
  });
}

/** The architectures to build: the named one, all that are offered, or this machine's. */
export function chosenArches(arch: Arch | 'all' | undefined, extension: Extension): readonly Arch[] {
  if (arch === 'all') return extension.architectures;
  const chosen = arch ?? machineArch();
  if (chosen !== undefined) return [chosen];
  throw new SysextError('USAGE', `no image can be built for this machine's own architecture (${process.arch})`, {
    hint: `name one: --arch ${architectures.join(' or --arch ')}`,
  });
}
