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
 * Gathers the settings, and unlocks the key.
 *
 * @throws SysextError `USAGE` when no repository or no key is named; what loading a key throws.
 */
export async function repositorySettings(context: Context, options: RepositoryOptions): Promise<RepositorySettings> {
  const { env } = context;
  const config = await readRepositoryConfig(process.cwd());
  const repository = options.repo ?? (env['SYSEXT_REPO'] || config.repo);
  if (repository === undefined) {
    throw new SysextError('USAGE', 'no repository is named', {
      hint: 'name its directory by --repo, SYSEXT_REPO or "repo" in sysext.config.json',
    });
  }
  return {
    repository,
    baseUrl: options.baseUrl ?? (env['SYSEXT_BASE_URL'] || config.baseUrl),
    signer: options.unsigned === true ? undefined : await signerOf(context, options.keyFile, config),
    config,
  };
}

async function signerOf(context: Context, keyFile: string | undefined, config: RepositoryConfig): Promise<Signer> {
  const { env } = context;
  const inEnvironment = Boolean(env['SYSEXT_KEY'] || env['SYSEXT_KEY_FILE']);
  return await loadSigner(context, keyFile ?? (inEnvironment ? undefined : config.keyFile));
}
