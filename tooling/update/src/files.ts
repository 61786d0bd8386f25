import { type Extension, componentOf, renderTransfer, updaterFiles, updaterSettings } from '@sysext/core';
import type { HostFiles } from '@sysext/test-host';

/**
 * What a host needs to follow an extension of a repository.
 *
 * @param keyring path of the keyring that signatures are checked by; without one, none are asked for.
 */
export async function followerFiles(
  recipe: Pick<Extension, 'name' | 'services' | 'update'>,
  baseUrl: string,
  keyring: string | undefined,
): Promise<HostFiles> {
  const component = componentOf(recipe.name);
  const transfer = renderTransfer(recipe.name, { baseUrl, verify: keyring !== undefined });
  const files = [...(await updaterFiles()), updaterSettings(recipe, component)];
  return {
    ...Object.fromEntries(files.map(({ path, mode, text }) => [path, { text, mode }])),
    [`/etc/sysupdate.${component}.d/${component}.transfer`]: transfer,
    [`/etc/sysupdate.${component}.d/${component}.conf`]: transfer,
    ...(keyring === undefined ? {} : { '/etc/systemd/import-pubring.gpg': { from: keyring } }),
  };
}
