import * as z from 'zod';
import type { SourceKind } from './sources/source.ts';

/** One thing a source delivered for the image. */
export const ArtifactMember = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('file'),
    /** Path in the image. */
    path: z.string(),
    /** Permission bits. */
    mode: z.int(),
    sha256: z.string(),
    size: z.int(),
  }),
  z.strictObject({ type: z.literal('symlink'), path: z.string(), target: z.string() }),
]);
export type ArtifactMember = z.output<typeof ArtifactMember>;

/** Bytes that a build took in, as the record names them. */
export const Input = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('download'), url: z.string(), sha256: z.string(), size: z.int() }),
  z.strictObject({
    kind: z.literal('module'),
    /** Go module path. */
    module: z.string(),
    version: z.string(),
    /** The `h1:` sum of go.sum. */
    sum: z.string(),
  }),
  z.strictObject({
    kind: z.literal('file'),
    /** Path below the extension's directory. */
    path: z.string(),
    sha256: z.string(),
    size: z.int(),
  }),
]);
export type Input = z.output<typeof Input>;

/** Verified bytes of one program; file contents are blobs of the cache. */
export interface Artifact {
  /** Name of the program: the extension's own, or a companion's. */
  readonly program: string;
  readonly version: string;
  readonly source: SourceKind;
  readonly members: readonly ArtifactMember[];
  readonly inputs: readonly Input[];
  /** Tools that made the bytes, with their versions. */
  readonly tools: Readonly<Record<string, string>>;
}
