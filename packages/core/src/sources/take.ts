import type { Member } from '../archive.ts';
import type { ArtifactMember } from '../artifact.ts';
import type { Blob } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import type { Selection } from '../selection.ts';

/**
 * Brings the members that a recipe takes out of an archive into the cache.
 *
 * @param read hands out the members, one after the other.
 * @param matched gets the patterns that took something.
 * @throws SysextError `ARCHIVE_UNSAFE` for a hard link to what is not taken, and for setuid, setgid and sticky bits
 * that the recipe does not ask for.
 */
export async function takeMembers(
  context: Context,
  read: (visit: (member: Member) => Promise<void>) => Promise<void>,
  selection: Selection,
  matched: Set<string>,
  where: string,
): Promise<ArtifactMember[]> {
  const taken = new Map<string, ArtifactMember>();
  await read(async (member) => {
    const selected = selection.select(member.name);
    if (selected === undefined) return;
    matched.add(selected.pattern);
    const { path } = selected;
    if (member.type === 'symlink') {
      taken.set(member.name, { type: 'symlink', path, target: member.target });
    } else if (member.type === 'hardlink') {
      const original = taken.get(member.target);
      if (original === undefined) {
        throw new SysextError(
          'ARCHIVE_UNSAFE',
          `${where}: ${member.name} is a hard link to ${member.target}, which the recipe does not take before it`,
        );
      }
      taken.set(member.name, { ...original, path });
    } else {
      if (selected.mode === undefined && (member.mode & 0o7000) !== 0) {
        throw new SysextError(
          'ARCHIVE_UNSAFE',
          `${where}: member ${JSON.stringify(member.name)} carries setuid, setgid or sticky bits (mode 0${member.mode.toString(8)})`,
          {
            hint: 'if the program needs them, give it a mode in the recipe: { to: …, mode: "04755" }',
          },
        );
      }
      const mode = selected.mode ?? plainMode(member.mode);
      taken.set(member.name, { type: 'file', path, mode, ...(await storeContent(context, member)) });
    }
  });
  return [...taken.values()];
}

/** 0755 for what somebody may execute, 0644 for the rest. */
export function plainMode(mode: number): number {
  return (mode & 0o111) === 0 ? 0o644 : 0o755;
}

/** Writes the content of a member to the cache. */
export async function storeContent(context: Context, { content }: Extract<Member, { type: 'file' }>): Promise<Blob> {
  const writer = await context.cache.write();
  try {
    for await (const chunk of content()) await writer.write(chunk);
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return await writer.commit();
}

/** Whether the cache still has every file of a stored result. */
export async function allPresent(context: Context, members: readonly ArtifactMember[]): Promise<boolean> {
  return await context.cache.hasAll(members.filter((member) => member.type === 'file'));
}
