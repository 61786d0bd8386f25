import { archNames, architectures } from './arch.ts';
import { hashFile } from './cache.ts';
import type { Context } from './context.ts';
import { type Elf, isStatic } from './elf.ts';
import { type ParsedRelease, parseExtensionRelease, releaseDirectory } from './extension-release.ts';
import type { ImageFacts } from './image/facts.ts';
import { openImage } from './image/read.ts';
import { type Facts, gatherFacts } from './lint/facts.ts';
import { templateOf } from './lint/facts/units.ts';
import { type ListedPath, listPath } from './listing.ts';
import { type Tree, readRange } from './tree.ts';

/** Everything an image says about itself and holds; plain JSON. */
export interface Inspection {
  readonly image: ImageFacts & { readonly sha256: string };
  /** Of the image's own root directory: mode in octal digits. */
  readonly root: Pick<ListedPath, 'mode' | 'uid' | 'gid' | 'xattrs'>;
  /** Release files; a host merges an image under the name of one. */
  readonly releases: readonly InspectedRelease[];
  readonly units: readonly InspectedUnit[];
  /** ELF files. */
  readonly programs: readonly InspectedProgram[];
  /** Files that begin like ELF files and are none: what is wrong with them. */
  readonly damagedPrograms: readonly { readonly path: string; readonly damage: string }[];
  /** What each directory of the second level (`usr/bin`) holds, files of deeper ones included. */
  readonly directories: readonly DirectoryTotal[];
  /** In byte order. */
  readonly paths: readonly ListedPath[];
}

interface InspectedRelease extends ParsedRelease {
  readonly path: string;
  /** Name of the extension that the file is for. */
  readonly name: string;
  readonly text: string;
}

/** A unit of the image, or a unit of the host that the image has drop-ins for. */
interface InspectedUnit {
  readonly name: string;
  /** The unit's own file; absent when there are drop-ins alone. */
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  /** What starts it: drop-ins with `Upholds=`, and links in `.wants`, `.requires` or `.upholds` directories. */
  readonly startedBy: readonly { readonly how: 'upholds' | 'wants' | 'requires'; readonly path: string }[];
}

interface InspectedProgram {
  readonly path: string;
  /** systemd's name of the machine, or the number of the ELF header. */
  readonly machine: string;
  readonly bits: 32 | 64;
  readonly type: Elf['type'];
  readonly isStatic: boolean;
  readonly interpreter?: string | undefined;
  readonly needed: readonly string[];
  /** Library → symbol versions that it must have. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
}

interface DirectoryTotal {
  readonly path: string;
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads an image and says what it is and what it holds.
 *
 * @throws SysextError what `openImage` throws.
 */
export async function inspectImage(context: Context, file: string): Promise<Inspection> {
  await using image = await openImage(context, file);
  const { facts, root, tree } = image;
  const { sha256 } = await hashFile(file);
  const gathered = await gatherFacts({ name: '', tree, image: facts });
  const { mode, uid, gid, xattrs } = listPath('', root);
  return {
    image: { ...facts, sha256 },
    root: { mode, uid, gid, xattrs },
    releases: await readReleases(tree),
    units: unitsOf(gathered),
    programs: [...gathered.elves].map(([path, elf]) => programOf(path, elf)),
    damagedPrograms: [...gathered.damagedElves].map(([path, damage]) => ({ path, damage })),
    directories: totalsOf(tree),
    paths: [...tree].map(([path, entry]) => listPath(path, entry)),
  };
}

/** More than any release file has. */
const maxReleaseBytes = 1024 ** 2;

async function readReleases(tree: Tree): Promise<InspectedRelease[]> {
  const prefix = `${releaseDirectory}/extension-release.`;
  const releases: InspectedRelease[] = [];
  for (const [path, entry] of tree) {
    if (!path.startsWith(prefix) || entry.type !== 'file') continue;
    const text = (await readRange(entry.content, 0, maxReleaseBytes)).toString('utf8');
    releases.push({ path, name: path.slice(prefix.length), text, ...parseExtensionRelease(text) });
  }
  return releases;
}

function unitsOf({ units, upheld, enableLinks }: Facts): InspectedUnit[] {
  return units.map(({ name, path, settings }) => {
    const isThis = (unit: string): boolean => unit === name || templateOf(unit) === name;
    const upholders = [...upheld]
      .filter(([unit]) => isThis(unit))
      .map(([, setting]) => ({ how: 'upholds' as const, path: setting.path }));
    const links = enableLinks.filter(({ unit }) => isThis(unit)).map((link) => ({ how: link.kind, path: link.path }));
    const description = settings.findLast(({ section, key }) => section === 'Unit' && key === 'Description')?.value;
    return { name, path, description, startedBy: [...upholders, ...links] };
  });
}

function programOf(path: string, elf: Elf): InspectedProgram {
  const { bits, type, interpreter, needed } = elf;
  const machine = architectures.find((arch) => archNames[arch].elfMachine === elf.machine) ?? String(elf.machine);
  return {
    path,
    machine,
    bits,
    type,
    isStatic: isStatic(elf),
    interpreter,
    needed,
    versions: Object.fromEntries(elf.versions),
  };
}

function totalsOf(tree: Tree): DirectoryTotal[] {
  const totals = new Map<string, { files: number; size: number }>();
  for (const [path, entry] of tree) {
    if (entry.type !== 'file') continue;
    const directory = path.split('/').slice(0, -1).slice(0, 2).join('/') || '.';
    const total = totals.get(directory) ?? { files: 0, size: 0 };
    totals.set(directory, { files: total.files + 1, size: total.size + entry.content.size });
  }
  return [...totals].map(([path, total]) => ({ path, ...total }));
}
