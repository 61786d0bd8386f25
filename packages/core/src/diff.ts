import { isUtf8 } from 'node:buffer';
import { type Blob, hashFile } from './cache.ts';
import type { Context } from './context.ts';
import { ioError } from './errors.ts';
import { parseExtensionRelease, releaseDirectory } from './extension-release.ts';
import type { ImageFacts } from './image/facts.ts';
import { contentSize } from './image/profile.ts';
import { type OpenImage, openImage, readImageFacts } from './image/read.ts';
import { type PathDifference, compareTrees } from './listing.ts';
import { type Content, type Tree, readRange } from './tree.ts';

/** What differs between two images. */
export interface ImageDiff {
  /** The files are the same, byte for byte. */
  readonly identical: boolean;
  readonly before: ComparedImage;
  readonly after: ComparedImage;
  /** Facts of the images that differ. */
  readonly facts: readonly FactDifference[];
  /** Fields of release files that differ. */
  readonly release: readonly ReleaseDifference[];
  /** In the order of the paths. */
  readonly paths: readonly (PathDifference & {
    /** Unified diff of a small text file that changed. */
    readonly patch?: string | undefined;
  })[];
  readonly totals: {
    /** Paths of each kind. */
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    /** Bytes of all files' contents, after minus before. */
    readonly contentGrowth: number;
    /** Bytes of the images, after minus before. */
    readonly imageGrowth: number;
  };
}

/** An image that was compared, by the facts that a person tells images apart by. */
interface ComparedImage extends Blob, Pick<ImageFacts, 'file' | (typeof comparedFacts)[number]> {}

interface FactDifference {
  readonly fact: (typeof comparedFacts)[number];
  readonly before: string | number;
  readonly after: string | number;
}

/** A field of a release file; a side is absent where it has no such field, or no such file. */
interface ReleaseDifference {
  readonly path: string;
  readonly field: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

const comparedFacts = ['size', 'fileSystem', 'compression', 'blockSize', 'createdAt'] as const;

/**
 * Compares two images: facts, release files, and every path. Images of the same bytes are not
 * unpacked.
 *
 * @throws SysextError what `openImage` throws.
 */
export async function diffImages(context: Context, before: string, after: string): Promise<ImageDiff> {
  const sides = { before: await compared(before), after: await compared(after) };
  const facts = comparedFacts.flatMap((fact): FactDifference[] => {
    const values = { before: sides.before[fact], after: sides.after[fact] };
    return values.before === values.after ? [] : [{ fact, ...values }];
  });
  if (sides.before.sha256 === sides.after.sha256) {
    const totals = { added: 0, removed: 0, changed: 0, contentGrowth: 0, imageGrowth: 0 };
    return { identical: true, ...sides, facts, release: [], paths: [], totals };
  }
  await using old = await openImage(context, before);
  await using now = await openImage(context, after);
  const paths = compareTrees(old.tree, now.tree);
  const count = (kind: PathDifference['kind']): number => paths.filter((path) => path.kind === kind).length;
  return {
    identical: false,
    ...sides,
    facts,
    release: await compareReleases(old.tree, now.tree),
    paths: await withPatches(paths, old, now),
    totals: {
      added: count('added'),
      removed: count('removed'),
      changed: count('changed'),
      contentGrowth: contentSize(now.tree) - contentSize(old.tree),
      imageGrowth: sides.after.size - sides.before.size,
    },
  };
}

async function compared(file: string): Promise<ComparedImage> {
  const { fileSystem, compression, blockSize, createdAt } = await readImageFacts(file);
  const blob = await hashFile(file).catch((error: unknown) => {
    throw ioError(error, 'cannot read the image', file);
  });
  return { file, ...blob, fileSystem, compression, blockSize, createdAt };
}

async function compareReleases(before: Tree, after: Tree): Promise<ReleaseDifference[]> {
  const paths = [...before.keys(), ...after.keys()].filter((path) => path.startsWith(`${releaseDirectory}/`));
  const differences: ReleaseDifference[] = [];
  for (const path of new Set(paths)) {
    const [old, now] = [await releaseFields(before, path), await releaseFields(after, path)];
    for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
      if (old[field] !== now[field]) differences.push({ path, field, before: old[field], after: now[field] });
    }
  }
  return differences;
}

async function releaseFields(tree: Tree, path: string): Promise<Readonly<Record<string, string>>> {
  const entry = tree.get(path);
  const text = entry?.type === 'file' ? await textOf(entry.content) : undefined;
  return parseExtensionRelease(text ?? '').fields;
}

/** Longer texts are compared by their digests alone. */
const maxTextBytes = 64 * 1024;
/** Lines added and removed, beyond which a patch says no more than that the file changed. */
const maxEdits = 1000;

async function textOf(content: Content): Promise<string | undefined> {
  if (content.size > maxTextBytes) return undefined;
  const bytes = await readRange(content, 0, content.size);
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : undefined;
}

async function withPatches(
  paths: readonly PathDifference[],
  before: OpenImage,
  after: OpenImage,
): Promise<ImageDiff['paths']> {
  const patched: ImageDiff['paths'][number][] = [];
  for (const difference of paths) {
    const { path } = difference;
    const [old, now] = [before.tree.get(path), after.tree.get(path)];
    const isText = old?.type === 'file' && now?.type === 'file' && old.content.sha256 !== now.content.sha256;
    const texts = isText ? [await textOf(old.content), await textOf(now.content)] : [];
    patched.push({ ...difference, ...(await patchOf(path, texts[0], texts[1])) });
  }
  return patched;
}

async function patchOf(
  path: string,
  before: string | undefined,
  after: string | undefined,
): Promise<{ readonly patch?: string }> {
  if (before === undefined || after === undefined) return {};
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    maxEditLength: maxEdits,
  });
  return patch === undefined ? {} : { patch };
}
