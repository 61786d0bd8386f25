import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Context,
  type Extension,
  type Lock,
  build,
  createContext,
  lockVersion,
  machineArch,
  programsAt,
  readLock,
  resolveDownloads,
  selectVersion,
  writeLock,
} from '@sysext/core';

const arch = machineArch()!;

/** An extension whose real programs a test runs. */
export interface Payload {
  readonly extension: Extension;
  /** The lock's default unless given. */
  readonly version?: string;
  /** In the place of its own sources, where those are release hosts alone; locked anew each time. */
  readonly sources?: Extension['sources'];
  /**
   * Programs that only a release host has, and what makes them for a test instead: companion → a function that writes
   * the file that takes the place of its download below a directory, and resolves with its path.
   */
  readonly programs?: Readonly<Record<string, (directory: string) => Promise<string>>>;
}

/**
 * Builds the image of an extension for this machine, below `directory`, without a release host: every program from
 * its other sources, at the versions that the lock pins. What was compiled once comes from the user's cache.
 *
 * @returns path of the image.
 */
export async function buildPayload(payload: Payload, directory: string): Promise<string> {
  const { extension } = payload;
  const context = createContext({});
  const copy: Extension = {
    ...fromSource(extension),
    ...(payload.sources === undefined ? {} : { sources: payload.sources }),
    directory: join(directory, extension.name),
  };
  await mkdir(copy.directory);
  for (const name of ['package.json', 'files', 'go']) {
    await cp(join(extension.directory, name), join(copy.directory, name), { recursive: true }).catch(absent);
  }
  if (payload.sources === undefined) await writeLock(copy.directory, await lockOf(payload, context, directory));
  else await lockVersion(context, copy, payload.version!);
  const [built] = await build(context, copy, { arches: [arch], output: directory, profile: 'fast' });
  return built!.image;
}

/** Its lock with one version, and the programs that a test makes pinned. */
async function lockOf(payload: Payload, context: Context, directory: string): Promise<Lock> {
  const { extension, programs = {} } = payload;
  const lock = await readLock(extension.directory);
  const { version, locked } = selectVersion(extension, lock, payload.version);
  const downloads: Lock['versions'][string]['downloads'] = { ...locked.downloads };
  for (const [name, make] of Object.entries(programs)) {
    const planned = programsAt(extension, version, locked.companions).find((program) => program.name === name)!;
    const [source] = planned.sources;
    if (source?.kind !== 'release') throw new Error(`${extension.name}: ${name} has a source of its own`);
    const [download] = resolveDownloads(source, planned, arch);
    if (download?.format !== 'raw') throw new Error(`${extension.name}: ${name} comes in an archive`);
    const writer = await context.cache.write();
    await writer.write(await readFile(await make(directory)));
    const { sha256, size } = await writer.commit();
    downloads[download.urls[0]] = { sha256, size, checked: 'built for a test' };
  }
  return { ...lock, versions: { [version]: { ...locked, downloads } }, default: version };
}

/** The recipe without what only release hosts have, wherever there is another source. */
function fromSource(extension: Extension): Extension {
  const reduced = <T extends Pick<Extension, 'sources'>>(program: T): T => {
    const others = program.sources.filter(({ kind }) => kind !== 'release');
    return others.length === 0 ? program : { ...program, sources: others };
  };
  const companions = Object.entries(extension.companions ?? {}).map(
    ([name, companion]) => [name, reduced(companion)] as const,
  );
  return { ...reduced(extension), companions: Object.fromEntries(companions) };
}

function absent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
