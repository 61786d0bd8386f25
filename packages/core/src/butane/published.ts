import type { Arch } from '../arch.ts';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { ExtensionIndex, RepositoryIndex, type PublishedVersion, parseIndex } from '../repository/index-file.ts';
import { type Keyring, checkSignature, parseKeyring } from '../repository/keyring.ts';
import { indexName, indexSignatureName, keyringNames } from '../repository/layout.ts';
import { type RepositoryReader, isUrl, withReader } from '../repository/reader.ts';
import type { CommonParameters } from './parameters.ts';

export interface PublishedParametersOptions {
  /** Directory or URL of the repository. */
  readonly repository: string;
  readonly name: string;
  /** Upstream's version or the images'; the newest when absent. */
  readonly version?: string | undefined;
  /** The newest of this series. */
  readonly series?: string | undefined;
  readonly arch: Arch;
  /** Keys to believe. Those that lie in a repository's directory when absent; a URL's are not asked for themselves. */
  readonly keyring?: Keyring | undefined;
}

/** What a repository itself knows of how to deploy an extension from it. */
export type PublishedParameters = Pick<CommonParameters, 'baseUrl' | 'image' | 'keyring' | 'verify'>;

/**
 * Reads a repository's indexes for what has to be known to deploy one of its extensions. The index of a signed
 * repository is believed with a good signature only.
 *
 * @throws SysextError `USAGE` when there is no repository, no such image, or one that Ignition cannot unpack;
 * `REPOSITORY_INVALID`, `SIGNATURE_INVALID`, `KEY_INVALID`.
 */
export async function publishedParameters(
  context: Context,
  options: PublishedParametersOptions,
): Promise<PublishedParameters> {
  return await withReader(context, options.repository, async (reader) => {
    const catalogue = await reader.read(indexName);
    if (catalogue === undefined) throw new SysextError('USAGE', `${reader.where} holds no ${indexName}`);
    const { baseUrl, signed } = parseIndex(RepositoryIndex, catalogue, `${reader.where}/${indexName}`);
    const keyring = signed ? (options.keyring ?? (await ownKeyring(reader, options.repository))) : undefined;
    const image = imageOf(await readIndex(reader, options.name, keyring), options, reader.where);
    return keyring === undefined ? { baseUrl, image, verify: false } : { baseUrl, image, keyring: keyring.bytes };
  });
}

async function ownKeyring(reader: RepositoryReader, repository: string): Promise<Keyring> {
  if (isUrl(repository)) {
    throw new SysextError('USAGE', `${reader.where} is signed, and what it says of its own keys proves nothing`, {
      hint: '--keyring FILE with the keys that you know to be its own',
    });
  }
  const bytes = await reader.read(keyringNames[0]);
  if (bytes === undefined) throw new SysextError('KEY_INVALID', `${reader.where} holds no ${keyringNames[0]}`);
  return await parseKeyring(bytes, `${reader.where}/${keyringNames[0]}`);
}

async function readIndex(
  reader: RepositoryReader,
  name: string,
  keyring: Keyring | undefined,
): Promise<ExtensionIndex> {
  const generation = await reader.generation(name);
  const bytes = generation[indexName];
  const where = `${reader.where}/${name}/${indexName}`;
  if (bytes === undefined) throw new SysextError('USAGE', `${reader.where} holds no extension ${JSON.stringify(name)}`);
  if (keyring !== undefined) {
    const signature = generation[indexSignatureName];
    if (signature === undefined) throw new SysextError('SIGNATURE_INVALID', `${where} has no signature`);
    await checkSignature(keyring, bytes, signature, where);
  }
  return parseIndex(ExtensionIndex, bytes, where);
}

function imageOf(
  { name, versions }: ExtensionIndex,
  { version, series, arch }: PublishedParametersOptions,
  where: string,
): CommonParameters['image'] {
  const wanted = version === undefined ? undefined : [version, `v${version}`];
  const fits = (candidate: PublishedVersion): boolean =>
    (wanted === undefined || wanted.includes(candidate.version) || wanted.includes(candidate.upstream)) &&
    (series === undefined || candidate.series?.name === series);
  const offered = versions.filter(({ yanked }) => yanked === undefined);
  for (const candidate of offered.filter(fits)) {
    const image = candidate.images.find((each) => each.arch === arch);
    if (image === undefined) continue;
    if (image.raw !== undefined) {
      throw new SysextError(
        'USAGE',
        `${where} serves ${name} ${candidate.version} as ${image.file}, which Ignition cannot unpack`,
        {
          hint: `publish what sysext build ${name} --transport plain makes; hosts then follow either form`,
        },
      );
    }
    return { version: candidate.version, arch, sha256: image.sha256 };
  }
  const what = [version, series === undefined ? '' : `series ${series}`, arch].filter(Boolean).join(' ');
  throw new SysextError('USAGE', `${where} offers no image of ${name} for ${what}`, {
    hint: `it has: ${offered.map((each) => `${each.version} (${each.images.map((image) => image.arch).join(', ')})`).join('; ') || 'none'}`,
  });
}
