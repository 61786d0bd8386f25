import { open } from 'node:fs/promises';
import * as z from 'zod';
import { type Member, readArchive } from '../../archive.ts';
import type { ArtifactMember } from '../../artifact.ts';
import type { Blob } from '../../cache.ts';
import type { Context } from '../../context.ts';
import { SysextError } from '../../errors.ts';
import { baseName, resolveLink } from '../../image-path.ts';
import type { ArchiveFormat } from '../source.ts';
import type { Selection } from '../../selection.ts';
import { plainMode, storeContent, takeMembers } from '../take.ts';
import { readAr } from './ar.ts';

/** A Debian package in the cache. */
export interface Deb extends Blob {
  /** Its path in the archive, for messages. */
  readonly path: string;
}

const dataFormats: ReadonlyMap<string, Exclude<ArchiveFormat, 'raw'>> = new Map([
  ['data.tar', 'tar'],
  ['data.tar.xz', 'tar.xz'],
  ['data.tar.zst', 'tar.zst'],
  ['data.tar.gz', 'tar.gz'],
]);

/**
 * Hands out the files and links that a package installs; its scripts are never looked at.
 *
 * @throws SysextError `ARCHIVE_INVALID` for what is no package, and what `readArchive` throws.
 */
async function readData(context: Context, deb: Deb, visit: (member: Member) => Promise<void>): Promise<void> {
  const invalid = (why: string): SysextError => new SysextError('ARCHIVE_INVALID', `${deb.path}: ${why}`);
  const file = await open(context.cache.blobPath(deb.sha256), 'r');
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const members = await readAr(deb.size, read).catch((error: unknown) => {
      throw invalid(error instanceof Error ? error.message : String(error));
    });
    const [version, ...others] = members;
    const data = others.filter(({ name }) => dataFormats.has(name));
    if (version?.name !== 'debian-binary' || data.length !== 1) throw invalid('it is no Debian package');
    if (!/^2\.\d+\n/.test(Buffer.from(await read(version.offset, Math.min(version.size, 8))).toString('latin1'))) {
      throw invalid('it is a package of an unknown version');
    }
    const [{ name, ...part }] = data as [(typeof data)[number]];
    await readArchive(context, deb, dataFormats.get(name)!, deb.path, visit, { part, isRoot: true });
  } finally {
    await file.close();
  }
}

/** What a recipe takes out of a package; see {@link takeMembers}. */
export async function takeFromDeb(
  context: Context,
  deb: Deb,
  selection: Selection,
  matched: Set<string>,
): Promise<ArtifactMember[]> {
  return await takeMembers(context, async (visit) => await readData(context, deb, visit), selection, matched, deb.path);
}

const Library = z.strictObject({ mode: z.int(), sha256: z.string(), size: z.int() });
/** A shared library, or the loader. */
export type Library = z.output<typeof Library>;

/** Where a loader of Debian looks for libraries (ld.so(8), multiarch). */
const isLibrary = (path: string): boolean =>
  /^(?:usr\/)?lib(?:64|\/(?:x86_64|aarch64)-linux-gnu)?\/(?:lib|ld-)[\w.+-]+\.so(?:\.[\w.]+)*$/.test(path);

/** The shared libraries of a package by the names that programs ask for, links followed. */
export async function librariesOf(context: Context, deb: Deb): Promise<ReadonlyMap<string, Library>> {
  const key = { result: 'debLibraries', format: 1, deb: deb.sha256 };
  const stored = await context.cache.readResult(key, z.record(z.string(), Library));
  if (stored !== undefined && (await context.cache.hasAll(Object.values(stored))))
    return new Map(Object.entries(stored));
  const files = new Map<string, Library>();
  const links = new Map<string, string>();
  await readData(context, deb, async (member) => {
    if (!isLibrary(member.name)) return;
    const path = withoutUsr(member.name);
    if (member.type === 'file')
      files.set(path, { mode: plainMode(member.mode), ...(await storeContent(context, member)) });
    else if (member.type === 'symlink') links.set(path, targetOf(member));
    else links.set(path, withoutUsr(member.target));
  });
  const libraries = new Map([...files].map(([path, library]) => [baseName(path), library] as const));
  for (const [path, target] of links) {
    const library = files.get(target) ?? files.get(links.get(target) ?? '');
    if (library !== undefined && !libraries.has(baseName(path))) libraries.set(baseName(path), library);
  }
  await context.cache.writeResult(key, Object.fromEntries(libraries));
  return libraries;
}

/** `lib` is a link to `usr/lib` on every host of today, and packages have either. */
const withoutUsr = (path: string): string => path.replace(/^usr\//, '');

function targetOf({ name, target }: Extract<Member, { type: 'symlink' }>): string {
  return withoutUsr(target.startsWith('/') ? target.slice(1) : (resolveLink(name, target) ?? ''));
}
