import type { Elf } from '../../elf.ts';
import { hostLibraries, loaderDirectories } from '../../host/flatcar.ts';
import { baseName } from '../../image-path.ts';
import type { Facts } from '../facts.ts';
import { directoryOf, lookUp } from './lookup.ts';

/** A library that a loader on a host would not find. */
export interface MissingLibrary {
  /** The file that needs it. */
  readonly path: string;
  readonly library: string;
  /** The program that brings the file in; absent for libraries that no program of the image loads. */
  readonly loadedBy: string | undefined;
  /** The host has it, but of another glibc than the one in the image that the program runs on. */
  readonly isOfOtherGlibc: boolean;
}

type Programs = Pick<Facts, 'tree' | 'elves'>;

/**
 * Plays the loader for every program of the image, then for the libraries that none of them loaded.
 *
 * Source: ld.so(8): breadth first, a library that is already there by name is not looked for again,
 * DT_RUNPATH counts for the file itself, DT_RPATH also for what it loads. `LD_LIBRARY_PATH` is not
 * known here, and `ld.so.cache` does not know the image's libraries.
 */
export function missingLibraries(facts: Programs): MissingLibrary[] {
  const missing = new Map<string, MissingLibrary>();
  const reached = new Set<string>();
  const load = (start: string, isProgram: boolean): void => {
    const queue = [start];
    const loader = loaderOf(facts, start);
    const names = new Set<string>(loader === undefined ? [] : [facts.elves.get(loader)?.soname ?? baseName(loader)]);
    for (const path of queue) {
      reached.add(path);
      const elf = facts.elves.get(path);
      if (elf === undefined) continue;
      const inherited = elf.runpath.length > 0 ? [] : searchDirectories(start, facts.elves.get(start)?.rpath ?? []);
      for (const library of elf.needed) {
        if (names.has(library)) continue;
        names.add(library);
        const found = findLibrary(facts, path, elf, library, inherited);
        const isOfOtherGlibc = found === 'host' && loader !== undefined;
        if (found === undefined || isOfOtherGlibc) {
          const loadedBy = isProgram ? start : undefined;
          missing.set(`${path}\0${library}`, { path, library, loadedBy, isOfOtherGlibc });
        } else if (found !== 'host' && !queue.includes(found)) queue.push(found);
      }
    }
  };
  for (const [path, { interpreter }] of facts.elves) if (interpreter !== undefined) load(path, true);
  for (const [path, { type }] of facts.elves) if (type === 'shared' && !reached.has(path)) load(path, false);
  return [...missing.values()];
}

/** The loader of a program, where the image has it. */
function loaderOf({ tree, elves }: Programs, path: string): string | undefined {
  const place = lookUp(tree, elves.get(path)?.interpreter ?? '');
  return place.kind === 'image' ? place.path : undefined;
}

/** True when the program runs on a glibc of the image: its loader, or libc beside it, is shipped. */
export function bringsOwnGlibc(facts: Programs, path: string, elf: Elf): boolean {
  // A libc is a program too, which prints its version: it names the loader of its distribution, and nobody runs it.
  if (elf.interpreter !== undefined && elf.soname !== 'libc.so.6') {
    return lookUp(facts.tree, elf.interpreter).kind === 'image';
  }
  const found = findLibrary(facts, path, elf, 'libc.so.6', [directoryOf(path)]);
  return found !== undefined && found !== 'host';
}

/** Path in the image, `host` for glibc's own libraries, or `undefined`. */
function findLibrary(
  { tree }: Programs,
  path: string,
  elf: Elf,
  library: string,
  inherited: readonly string[],
): string | undefined {
  const own = elf.runpath.length > 0 ? elf.runpath : elf.rpath;
  const candidates = library.includes('/')
    ? [library]
    : [...searchDirectories(path, own), ...inherited, ...loaderDirectories].map(
        (directory) => `${directory}/${library}`,
      );
  for (const candidate of candidates) {
    const place = lookUp(tree, candidate);
    if (place.kind === 'image' && place.entry.type === 'file') return place.path;
  }
  return hostLibraries.has(baseName(library)) ? 'host' : undefined;
}

/** Directories of a search path, with `$ORIGIN` being where the file itself is. */
function searchDirectories(path: string, directories: readonly string[]): string[] {
  return directories.map((directory) =>
    directory.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, `/${directoryOf(path)}`).replace(/\$(?:LIB|\{LIB\})/g, 'lib64'),
  );
}
