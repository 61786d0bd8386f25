import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { findVersion, withVersion } from './feed.ts';
import type { Signer } from './keys.ts';
import { commitExtension, checkSigner, makeGeneration, readPublished, withRepository } from './state.ts';
import { announce } from './pending.ts';

export interface YankOptions {
  readonly repository: string;
  /** The key that signed the index; `undefined` for an unsigned repository. */
  readonly signer: Signer | undefined;
  readonly extension: string;
  /** As published, revision included: `v3.5.21-1`; a leading `v` may be left out. */
  readonly version: string;
  /** For whoever looks for the version; kept in the index. */
  readonly reason: string;
}

/**
 * Takes a version out of what hosts are offered. Files and record stay, the index keeps the reason, and the name stays
 * taken. Hosts that have the version keep it until they are offered a newer one: this is no way back.
 *
 * @returns the version, and whether anything changed.
 * @throws SysextError `UNKNOWN_EXTENSION`, `UNKNOWN_VERSION`, `KEY_UNKNOWN`, `SIGNATURE_INVALID`, `USAGE`.
 */
export async function yank(
  context: Context,
  { repository: directory, signer, extension, version, reason }: YankOptions,
): Promise<{ readonly version: string; readonly changed: boolean }> {
  if (reason.trim() === '')
    throw new SysextError('USAGE', 'a yank needs a reason', { hint: 'for example --reason "loses data"' });
  return await withRepository(context, directory, async (repository) => {
    const { index: catalogue } = repository;
    if (catalogue === undefined || !Object.hasOwn(catalogue.extensions, extension)) {
      const known = Object.keys(catalogue?.extensions ?? {});
      throw new SysextError(
        'UNKNOWN_EXTENSION',
        `${directory} holds no ${extension}; it holds ${known.join(', ') || 'nothing'}`,
      );
    }
    if (catalogue.signed && signer === undefined) {
      throw new SysextError('USAGE', `${directory} is signed, and so is a yank`, {
        hint: 'name the key by --key-file',
      });
    }
    checkSigner(repository, signer);
    const signers = catalogue.signed && signer !== undefined ? [signer] : [];
    const { index } = (await readPublished(repository, extension, signers))!;
    const found = findVersion(index, version);
    if (found.yanked === reason) return { version: found.version, changed: false };
    await announce(directory, { [extension]: [] });
    const after = withVersion(index, { ...found, yanked: reason });
    if (after.versions.every(({ yanked }) => yanked !== undefined)) {
      context.onEvent({
        type: 'warning',
        message: `nothing of ${extension} is left: updates of its hosts fail until something is published`,
      });
    }
    await commitExtension(directory, after, await makeGeneration(after, catalogue.signed ? signer : undefined), {
      baseUrl: catalogue.baseUrl,
      verify: catalogue.signed,
    });
    return { version: found.version, changed: true };
  });
}
