import { imagePathProblem } from '../image-path.ts';
import { type DirectoryEntry, type Entry, type Tree, completeTree, plainDirectory } from '../tree.ts';
import { imageLimits } from './contents.ts';
import { imageInvalid } from './image-invalid.ts';

/** A tree as it is read from an image. */
export interface ReadTree {
  /** The image's own root directory, which no {@link Tree} lists. */
  readonly root: DirectoryEntry;
  readonly tree: Tree;
}

/**
 * Collects what an image holds, entry by entry, each directory before what is in it.
 *
 * An image is hostile until proven otherwise: each path is checked, none may come twice, and
 * everything must lie in a directory that the image has.
 */
export class Entries {
  readonly #image: string;
  readonly #entries = new Map<string, Entry>();
  #root: DirectoryEntry | undefined;

  constructor(image: string) {
    this.#image = image;
  }

  /**
   * @param path without leading slash; empty for the root.
   * @throws SysextError `IMAGE_INVALID`
   */
  add(path: string, entry: Entry): void {
    if (path === '') {
      if (entry.type !== 'directory') throw imageInvalid(this.#image, `its root is a ${entry.type}`);
      this.#root = entry;
      return;
    }
    const problem = imagePathProblem(path);
    if (problem !== undefined)
      throw imageInvalid(this.#image, `the path ${JSON.stringify(path)} is refused: ${problem}`);
    if (this.#entries.has(path)) throw imageInvalid(this.#image, `it holds /${path} twice`);
    const slash = path.lastIndexOf('/');
    if (slash !== -1 && this.#entries.get(path.slice(0, slash))?.type !== 'directory') {
      throw imageInvalid(this.#image, `/${path} lies in no directory`);
    }
    if (entry.type === 'symlink' && (entry.target === '' || entry.target.includes('\0'))) {
      throw imageInvalid(this.#image, `the target of the link /${path} is empty or holds a NUL byte`);
    }
    if (this.#entries.size >= imageLimits.entries)
      throw imageInvalid(this.#image, `it holds more than ${imageLimits.entries} paths`);
    this.#entries.set(path, entry);
  }

  /** The entry added at a path. */
  get(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  /** @param below path that the image's root has in the tree: `usr` for a usr partition. */
  finish(below: '' | 'usr'): ReadTree {
    if (this.#root === undefined) throw imageInvalid(this.#image, 'it has no root directory');
    if (below === '') return { root: this.#root, tree: completeTree(this.#entries) };
    const moved = [...this.#entries].map(([path, entry]): [string, Entry] => [`${below}/${path}`, entry]);
    return { root: plainDirectory, tree: completeTree(new Map([[below, this.#root], ...moved])) };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A name or a link target of an image as text.
 *
 * @throws SysextError `IMAGE_INVALID` when it is not UTF-8: two such names would look the same.
 */
export function decodeName(bytes: Uint8Array, image: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw imageInvalid(image, `the name ${JSON.stringify(Buffer.from(bytes).toString('latin1'))} is not UTF-8`);
  }
}
