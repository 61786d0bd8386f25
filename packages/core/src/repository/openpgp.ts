import type * as OpenPgp from 'openpgp';

/**
 * OpenPGP. Loaded by the first use: most commands never sign or check anything.
 *
 * The library is OpenPGP.js: no `gpg` is needed to publish, and nothing secret goes through another process.
 */
export async function openpgp(): Promise<typeof OpenPgp> {
  return await import('openpgp');
}
