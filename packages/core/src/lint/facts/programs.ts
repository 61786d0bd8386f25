import { type Elf, elfMagic, parseElf } from '../../elf.ts';
import { type Content, type Tree, readRange } from '../../tree.ts';
import { type Place, lookUp } from './lookup.ts';

/** What can be run, and what it needs for that. */
export interface ProgramFacts {
  readonly elves: ReadonlyMap<string, Elf>;
  /** Files that begin like an ELF file and are none: path → what is wrong. */
  readonly damagedElves: ReadonlyMap<string, string>;
  /** Executable scripts: path → the words after `#!`. */
  readonly scripts: ReadonlyMap<string, readonly string[]>;
}

/** As much of a `#!` line as the kernel reads (`BINPRM_BUF_SIZE`). */
const firstBytes = 256;
const readers = 8;

/** Looks at the first bytes of every file, and at more of those that are programs. */
export async function gatherPrograms(tree: Tree): Promise<ProgramFacts> {
  const elves = new Map<string, Elf>();
  const damagedElves = new Map<string, string>();
  const scripts = new Map<string, readonly string[]>();

  const look = async (path: string, mode: number, content: Content): Promise<void> => {
    const start = await readRange(content, 0, firstBytes);
    if (start.subarray(0, 4).equals(elfMagic)) {
      const elf = await parseElf(content);
      if (elf === undefined) return;
      if ('damage' in elf) damagedElves.set(path, elf.damage);
      else elves.set(path, elf);
    } else if ((mode & 0o111) !== 0 && start.toString('latin1', 0, 2) === '#!') {
      const line = start.toString('utf8', 2).split('\n', 1)[0]!;
      scripts.set(
        path,
        line.split(/[ \t]+/).filter((word) => word !== ''),
      );
    }
  };
  const files = [...tree].flatMap(([path, entry]) => (entry.type === 'file' ? [[path, entry] as const] : []));
  const queue = files.values();
  await Promise.all(
    Array.from({ length: readers }, async () => {
      for (const [path, { mode, content }] of queue) await look(path, mode, content);
    }),
  );
  return { elves: sorted(elves), damagedElves: sorted(damagedElves), scripts: sorted(scripts) };
}

function sorted<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Where systemd and a shell find a program by its name alone: in the image, or on every host;
 * `undefined` when nowhere.
 */
export function findProgram(tree: Tree, name: string): Place | undefined {
  if (name === '' || name.includes('/')) return undefined;
  return ['usr/local/bin', 'usr/bin']
    .map((directory) => lookUp(tree, `${directory}/${name}`))
    .find(({ kind }) => kind === 'image' || kind === 'host');
}
