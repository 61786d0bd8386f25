import { join } from 'node:path';
import { type Arch, type Context, type Profile, SysextError, type Transport, build, publish } from '@sysext/core';
import { findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { type RepositoryOptions, repositorySettings } from '../settings.ts';
import { chosenArches } from './build.ts';

export interface PublishCommandOptions extends CommonOptions, RepositoryOptions {
  readonly version?: string;
  readonly arch?: Arch | 'all';
  readonly profile?: Profile;
  readonly transport?: Transport;
  readonly prereleases?: boolean;
}

/** `sysext publish`: adds images, or what extensions build, to a repository; prints the files. */
export async function publishCommand(options: PublishCommandOptions, ...targets: string[]): Promise<void> {
  await session(options, async (context) => {
    const { config, ...settings } = await repositorySettings(context, options);
    const images: string[] = [];
    for (const target of targets) {
      if (/\.raw(\.xz)?$/.test(target)) images.push(target);
      else
        images.push(
          ...(await buildAll(context, target, { ...options, transport: options.transport ?? config.transport })),
        );
    }
    if (images.length === 0) {
      throw new SysextError('USAGE', 'there is nothing to publish', {
        hint: 'name images, or extensions to build: sysext publish etcd',
      });
    }
    const published = await publish(context, { ...settings, images, prereleases: options.prereleases });
    printResult(options.json, published, () => published.map(({ file }) => file).join('\n'));
  });
}

async function buildAll(
  context: Context,
  target: string,
  {
    version,
    arch,
    profile,
    transport,
  }: Omit<PublishCommandOptions, 'transport'> & { transport: Transport | undefined },
): Promise<string[]> {
  const extension = await findExtension(target);
  const built = await build(context, extension, {
    version,
    profile,
    transport,
    arches: chosenArches(arch, extension),
    output: join(extension.directory, 'dist'),
  });
  return built.map(({ image }) => image);
}
