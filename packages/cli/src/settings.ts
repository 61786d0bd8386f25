import {
  type Context,
  type RepositoryConfig,
  type Signer,
  SysextError,
  loadSigner,
  readRepositoryConfig,
} from '@sysext/core';

/** Options of commands that change a repository. */
export interface RepositoryOptions {
  readonly repo?: string;
  readonly baseUrl?: string;
  readonly keyFile?: string;
  readonly unsigned?: boolean;
}

/** What such a command works with: options first, then the environment, then `sysext.config.json`. */
export interface RepositorySettings {
  readonly repository: string;
  readonly baseUrl: string | undefined;
  readonly signer: Signer | undefined;
  readonly config: RepositoryConfig;
}

/**
 * Where the repository is, and where it is served, as far as anything says so.
 *
 * @throws SysextError `USAGE` for a `sysext.config.json` that is none.
 */
export async function repositoryPlace(
  { env }: Context,
  options: Pick<RepositoryOptions, 'repo' | 'baseUrl'>,
): Promise<Pick<RepositorySettings, 'baseUrl' | 'config'> & { readonly repository: string | undefined }> {
  const config = await readRepositoryConfig(process.cwd());
  return {
    repository: options.repo ?? (env['SYSEXT_REPO'] || config.repo),
    baseUrl: options.baseUrl ?? (env['SYSEXT_BASE_URL'] || config.baseUrl),
    config,
  };
}

/**
 * Gathers the settings, and unlocks the key.
 *
 * @throws SysextError `USAGE` when no repository or no key is named; what loading a key throws.
 */
export async function repositorySettings(context: Context, options: RepositoryOptions): Promise<RepositorySettings> {
  const { repository, baseUrl, config } = await repositoryPlace(context, options);
  if (repository === undefined) {
    throw new SysextError('USAGE', 'no repository is named', {
      hint: 'name its directory by --repo, SYSEXT_REPO or "repo" in sysext.config.json',
    });
  }
  return {
    repository,
    baseUrl,
    signer: options.unsigned === true ? undefined : await signerOf(context, options.keyFile, config),
    config,
  };
}

async function signerOf(context: Context, keyFile: string | undefined, config: RepositoryConfig): Promise<Signer> {
  const { env } = context;
  const inEnvironment = Boolean(env['SYSEXT_KEY'] || env['SYSEXT_KEY_FILE']);
  return await loadSigner(context, keyFile ?? (inEnvironment ? undefined : config.keyFile));
}
