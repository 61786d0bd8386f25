import * as z from 'zod';
import { architectures } from '../arch.ts';
import { SysextError } from '../errors.ts';
import { describeIssues } from '../issues.ts';
import { nameProblem } from '../recipe.ts';
import type { BuildRecord } from '../record.ts';
import { imageVersion, versionProblem } from '../version.ts';
import { recordName } from './layout.ts';
import { type Sum, renderSums } from './sums-file.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().positive();
const Name = z.string().refine((name) => nameProblem(name) === undefined, 'not the name of an extension');
const Version = z.string().refine((version) => versionProblem(version) === undefined, 'not a publishable version');
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

const PublishedImage = z
  .strictObject({
    arch: z.enum(architectures),
    file: fileName.meta({ description: 'Name of the served file, beside this document' }),
    size: size.meta({ description: 'Bytes of the served file' }),
    sha256: sha256.meta({ description: 'Digest of the served file; the one that SHA256SUMS holds' }),
    raw: z
      .strictObject({ size, sha256 })
      .optional()
      .meta({ description: 'The image itself, when the served file is packed' }),
    record: z.strictObject({ file: z.string().regex(/^records\/[A-Za-z0-9][A-Za-z0-9._-]*\.json$/), sha256 }),
  })
  .meta({ description: 'One file for one architecture' });

const PublishedVersion = z.strictObject({
  version: Version.meta({ description: 'Version of the images, as systemd sees it: upstream version and revision' }),
  upstream: Version.meta({ description: 'Version as upstream writes it' }),
  revision: z.int().min(0),
  date: z.iso.date().meta({ description: 'Day on which it was published (UTC)' }),
  series: z
    .strictObject({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/), prefix: z.string() })
    .optional()
    .meta({ description: 'Versions that a host may follow without crossing into the next' }),
  licence: z.string(),
  homepage: z.string(),
  requires: z.array(z.string()),
  conflicts: z.array(z.string()),
  services: z.record(z.string(), z.enum(['manual', 'on-merge', 'when-configured'])),
  yanked: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Why it was taken out of SHA256SUMS; its files are still there' }),
  images: z.array(PublishedImage).min(1),
});

/** Schema of an extension's `index.json`. */
export const ExtensionIndex = z
  .strictObject({
    schema: z.literal(1),
    name: Name,
    prereleases: z
      .literal(true)
      .optional()
      .meta({ description: 'The feed was begun as one that takes prereleases, which sort above their release' }),
    versions: z.array(PublishedVersion).meta({ description: "Newest first, in systemd's order" }),
  })
  .meta({ title: 'An extension in a repository of system extensions' });

/** Schema of a repository's `index.json`. */
export const RepositoryIndex = z
  .strictObject({
    schema: z.literal(1),
    baseUrl: z
      .string()
      .regex(/^https?:\/\/[^/\s?#]+\/([^\s?#]*\/)?$/)
      .meta({ description: 'Where hosts fetch from; what the transfers name' }),
    signed: z.boolean().meta({ description: 'False for a repository whose transfers say Verify=no' }),
    extensions: z.record(
      Name,
      z.strictObject({ summary: z.string(), homepage: z.string(), licence: z.string(), index: z.string() }),
    ),
  })
  .meta({ title: 'A repository of system extensions' });

export type RepositoryIndex = z.output<typeof RepositoryIndex>;
export type ExtensionIndex = z.output<typeof ExtensionIndex>;
export type PublishedVersion = z.output<typeof PublishedVersion>;
export type PublishedImage = z.output<typeof PublishedImage>;

/** The catalogue of a repository as text. */
export function renderRepositoryIndex({ extensions, ...index }: RepositoryIndex): string {
  const sorted = Object.fromEntries(Object.entries(extensions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...index, extensions: sorted }, undefined, 2)}\n`;
}

/** Versions that were read by {@link readOwnIndex} → the lines they were. */
const linesRead = new WeakMap<PublishedVersion, string>();

/** The catalogue of an extension as text: a line per version, so that a diff shows what a publish changed. */
export function renderExtensionIndex({ versions, ...head }: ExtensionIndex): string {
  const lines = versions.map((version) => linesRead.get(version) ?? JSON.stringify(version)).join(',\n');
  return `${JSON.stringify(head).slice(0, -1)},"versions":[\n${lines}\n]}\n`;
}

/**
 * Reads an index that one's own key has signed: it went through the schema before, and was written by
 * {@link renderExtensionIndex}. What a publish does not change is neither checked nor written anew, of which there may
 * be thousands.
 */
export function readOwnIndex(data: Uint8Array): ExtensionIndex {
  const [head = '', ...lines] = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8').split('\n');
  const versions = lines.slice(0, -2).flatMap((line) => {
    if (line === '') return [];
    const text = line.endsWith(',') ? line.slice(0, -1) : line;
    const version = JSON.parse(text) as PublishedVersion;
    linesRead.set(version, text);
    return [version];
  });
  return { ...(JSON.parse(`${head}]}`) as ExtensionIndex), versions };
}

/**
 * Reads an index by its schema.
 *
 * @throws SysextError `REPOSITORY_INVALID` with every problem found.
 */
export function parseIndex<T>(schema: z.ZodType<T>, data: Uint8Array, where: string): T {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (error) {
    throw new SysextError('REPOSITORY_INVALID', `${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = describeIssues(parsed.error, 'index');
  throw new SysextError('REPOSITORY_INVALID', `${where} is no valid index:\n  ${problems.slice(0, 20).join('\n  ')}`, {
    data: { problems },
  });
}

/** What `SHA256SUMS` holds by the index: every image that is not yanked. */
function sumsOf({ versions }: ExtensionIndex): Sum[] {
  return versions.flatMap(({ yanked, images }) =>
    yanked === undefined ? images.map(({ file, sha256 }) => ({ file, sha256 })) : [],
  );
}

/** The list itself. */
export function renderSumsOf(index: ExtensionIndex): string {
  return renderSums(sumsOf(index));
}

/** The entry that a build record stands for, without what publishing adds. */
export function entryOf(
  record: BuildRecord,
  stem: string,
  recordSha256: string,
): { readonly version: Omit<PublishedVersion, 'date' | 'images'>; readonly image: PublishedImage } {
  const { image, transport } = record;
  const { file, size, sha256 } = transport ?? image;
  return {
    version: {
      version: imageVersion(record),
      upstream: record.version,
      revision: record.revision,
      ...(record.series === undefined ? {} : { series: record.series }),
      licence: record.licence,
      homepage: record.homepage,
      requires: record.requires,
      conflicts: record.conflicts,
      services: record.services,
    },
    image: {
      arch: record.architecture,
      file,
      size,
      sha256,
      ...(transport === undefined ? {} : { raw: { size: image.size, sha256: image.sha256 } }),
      record: { file: recordName(stem), sha256: recordSha256 },
    },
  };
}

/** Each series that has versions, newest first. */
export function seriesIn({ versions }: ExtensionIndex): { readonly name: string; readonly prefix: string }[] {
  return [...new Map(versions.flatMap(({ series }) => (series === undefined ? [] : [[series.name, series]]))).values()];
}
