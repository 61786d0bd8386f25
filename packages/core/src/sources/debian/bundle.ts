import { readFile } from 'node:fs/promises';
import type { ArtifactMember } from '../../artifact.ts';
import type { Blob } from '../../cache.ts';
import type { Context } from '../../context.ts';
import { type Elf, parseElf } from '../../elf.ts';
import { relocateElf } from '../../elf-relocate.ts';
import { SysextError } from '../../errors.ts';
import { baseName } from '../../image-path.ts';
import type { Library } from './deb.ts';

/** Name of the loader in a directory of libraries: the same for every architecture. */
const loaderName = 'ld.so';

/**
 * Makes programs independent of the host: brings the loader, libc and every other library that they need, and that
 * these need in turn, into a directory of the image, and points the programs there.
 *
 * All of them, not only what hosts lack: a library of the host may need a newer libc than the one in the image.
 * Libraries keep their bytes, but for the ones with a library path of their own: by a DT_RUNPATH the loader would look
 * for what they need there and no longer where the program says (ld.so(8)), so that they are pointed there too.
 * A member that is in the directory already is the library of that name.
 *
 * @param directory path in the image, without a leading slash.
 * @param find brings a library by its name; `undefined` when there is none.
 * @throws SysextError `MEMBER_MISSING` for a library that is nowhere, `ARCHIVE_INVALID` for a program that cannot be
 * pointed elsewhere.
 */
export async function bundle(
  context: Context,
  directory: string,
  taken: readonly ArtifactMember[],
  find: (name: string) => Promise<Library | undefined>,
): Promise<ArtifactMember[]> {
  const members: ArtifactMember[] = [];
  const queue: [path: string, elf: Elf][] = [];
  let loader: string | undefined;
  for (const member of taken) {
    const elf = member.type === 'file' ? await readElf(context, member.path, member) : undefined;
    if (member.type !== 'file' || elf === undefined) {
      members.push(member);
      continue;
    }
    queue.push([member.path, elf]);
    loader ??= elf.interpreter;
    const isMoved = elf.interpreter !== undefined || hasLibraryPath(elf);
    members.push({ ...member, ...(isMoved ? await relocated(context, directory, member.path, member, elf) : {}) });
  }
  const present = new Set(members.map(({ path }) => path));
  const add = async (name: string, as: string, neededBy: string): Promise<void> => {
    const path = `${directory}/${as}`;
    if (present.has(path)) return;
    present.add(path);
    const library = await find(name);
    if (library === undefined) {
      throw new SysextError('MEMBER_MISSING', `/${neededBy} needs ${name}, which no package has that it depends on`, {
        hint: 'name the package that has it under "packages"',
      });
    }
    const elf = await readElf(context, path, library);
    const moved =
      elf !== undefined && hasLibraryPath(elf) ? await relocated(context, directory, path, library, elf) : {};
    members.push({ type: 'file', path, ...library, ...moved });
    if (elf !== undefined) queue.push([path, elf]);
  };
  if (loader !== undefined) await add(baseName(loader), loaderName, queue[0]![0]);
  for (const [path, { needed }] of queue) {
    for (const name of needed) if (loader === undefined || name !== baseName(loader)) await add(name, name, path);
  }
  return members;
}

async function readElf(context: Context, path: string, { sha256, size }: Blob): Promise<Elf | undefined> {
  const elf = await parseElf({ file: context.cache.blobPath(sha256), sha256, size });
  if (elf !== undefined && 'damage' in elf) throw new SysextError('ARCHIVE_INVALID', `/${path}: ${elf.damage}`);
  return elf;
}

const hasLibraryPath = ({ rpath, runpath }: Elf): boolean => rpath.length + runpath.length > 0;

/** A program, or a library with a library path of its own, pointed at the directory. */
async function relocated(context: Context, directory: string, path: string, { sha256 }: Blob, elf: Elf): Promise<Blob> {
  const interpreter = elf.interpreter === undefined ? undefined : `/${directory}/${loaderName}`;
  const bytes = await readFile(context.cache.blobPath(sha256));
  let moved: Buffer;
  try {
    moved = relocateElf(bytes, { interpreter, libraries: `/${directory}` });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SysextError('ARCHIVE_INVALID', `/${path} cannot be pointed at /${directory}: ${why}`, {
      cause: error,
    });
  }
  const writer = await context.cache.write();
  await writer.write(moved);
  return await writer.commit();
}
