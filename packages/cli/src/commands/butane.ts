import { join } from 'node:path';
import {
  type Arch,
  type ButaneFragment,
  type ButaneVersion,
  type CommonParameters,
  type Context,
  type Extension,
  type Keyring,
  SysextError,
  builtParameters,
  composeButane,
  imageStem,
  publishedParameters,
  readKeyring,
  readLock,
  renderButane,
  selectVersion,
} from '@sysext/core';
import { type Parameters, assign, readParameters } from '../assignments.ts';
import { findButane, findExtension } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { repositoryPlace } from '../settings.ts';
import { chosenArches } from './build.ts';

export interface ButaneCommandOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly params?: string;
  readonly baseUrl?: string;
  readonly keyring?: string;
  /** False with `--no-verify`. */
  readonly verify?: boolean;
  readonly repo?: string;
  readonly image?: string;
  readonly version?: string;
  readonly series?: string;
  readonly arch?: Arch;
  readonly butaneVersion?: ButaneVersion;
}

/** `sysext butane`: prints a document that deploys extensions. */
export async function butaneCommand(
  targets: readonly (Extension | string)[],
  options: ButaneCommandOptions,
): Promise<void> {
  await session(options, async (context) => {
    const extensions = await Promise.all(
      targets.map(async (target) => (typeof target === 'string' ? await findExtension(target) : target)),
    );
    if (options.image !== undefined && extensions.length > 1) {
      throw new SysextError('USAGE', '--image goes with one extension', { hint: '--repo DIR has the images of all' });
    }
    const given = await givenParameters(
      extensions.map(({ name }) => name),
      options,
    );
    const keyring = options.keyring === undefined ? undefined : await readKeyring(options.keyring);
    const fragments: ButaneFragment[] = [];
    for (const extension of extensions) {
      const own = given.get(extension.name)!;
      const common = await commonParameters(context, extension, own, options, keyring);
      const butane = await findButane(extension);
      // Whether these are what it takes is for its schema to say.
      const parameters = { ...common, ...own } as Parameters & CommonParameters;
      fragments.push(await butane(parameters));
    }
    const text = renderButane(composeButane(fragments), { version: options.butaneVersion });
    printResult(options.json, { butane: text }, () => text);
  });
}

/** What `--params` and `--set` say for each extension; of several, the first part of a name is the extension. */
async function givenParameters(
  names: readonly string[],
  { params, set = [] }: ButaneCommandOptions,
): Promise<ReadonlyMap<string, Parameters>> {
  const all: Parameters = params === undefined ? {} : await readParameters(params);
  await assign(all, set);
  if (names.length === 1) return new Map([[names[0]!, all]]);
  const stray = Object.keys(all).find((name) => !names.includes(name));
  if (stray !== undefined) {
    throw new SysextError('USAGE', `${stray}: with several extensions, parameters go below the name of one`, {
      hint: `--set ${names[0]}.${stray}=…`,
    });
  }
  return new Map(names.map((name) => [name, (all[name] ?? {}) as Parameters]));
}

/** What the options say, over what the repository or the built image does. */
async function commonParameters(
  context: Context,
  extension: Extension,
  own: Parameters,
  options: ButaneCommandOptions,
  keyring: Keyring | undefined,
): Promise<Parameters> {
  const { name } = extension;
  const { version } = options;
  const place = await repositoryPlace(context, options);
  const [arch] = chosenArches(options.arch, extension) as [Arch];
  const series = options.series ?? (typeof own['series'] === 'string' ? own['series'] : undefined);
  const known =
    'image' in own
      ? {}
      : place.repository === undefined || options.image !== undefined
        ? await builtParameters(options.image ?? (await builtImage(extension, version, arch)), name)
        : await publishedParameters(context, { repository: place.repository, name, version, series, arch, keyring });
  return {
    ...(place.baseUrl === undefined ? {} : { baseUrl: place.baseUrl }),
    ...known,
    ...(series === undefined ? {} : { series }),
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    ...(keyring === undefined ? {} : { keyring: keyring.bytes }),
    ...(options.verify === false ? { verify: false, keyring: undefined } : {}),
  };
}

/** Where `sysext build` puts the image of a locked version. */
async function builtImage(extension: Extension, wanted: string | undefined, arch: Arch): Promise<string> {
  const { version, locked } = selectVersion(extension, await readLock(extension.directory), wanted);
  const stem = imageStem({ name: extension.name, version, revision: locked.revision, arch });
  return join(extension.directory, 'dist', `${stem}.raw`);
}
