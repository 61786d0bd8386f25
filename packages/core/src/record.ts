import * as z from 'zod';
import { architectures } from './arch.ts';
import { Input } from './artifact.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const mode = z.string().regex(/^[0-7]{4}$/);
const origin = z.string().optional();

/** One path of the image. */
const RecordedPath = z.discriminatedUnion('type', [
  z.strictObject({ path: z.string(), type: z.literal('file'), mode, size: z.int(), sha256, origin }),
  z.strictObject({ path: z.string(), type: z.literal('directory'), mode, origin }),
  z.strictObject({ path: z.string(), type: z.literal('symlink'), target: z.string(), origin }),
]);

/**
 * Schema of the build record, the JSON file beside an image.
 *
 * It says what the image is, what it was made of and with what, and everything it holds. It
 * depends on nothing else: no clock, no host name, no path of the building machine.
 */
export const BuildRecord = z.strictObject({
  schema: z.literal(1),
  extension: z.string(),
  /** npm package and version that the recipe came with. */
  package: z.string(),
  version: z.string(),
  revision: z.int().min(0),
  /** The versions that it belongs to by the recipe: `3.5`, and what their images' versions begin with: `v3.5.` */
  series: z.strictObject({ name: z.string(), prefix: z.string() }).optional(),
  architecture: z.enum(architectures),
  summary: z.string(),
  homepage: z.string(),
  licence: z.string(),
  requires: z.array(z.string()),
  conflicts: z.array(z.string()),
  /** Unit → how it starts. */
  services: z.record(z.string(), z.enum(['manual', 'on-merge', 'when-configured'])),
  image: z.strictObject({
    file: z.string(),
    size: z.int(),
    sha256,
    format: z.enum(['squashfs', 'erofs']),
    profile: z.enum(['fast', 'default', 'release']),
    compression: z.strictObject({ algorithm: z.string(), level: z.int(), blockSize: z.int() }),
  }),
  /** The same image as it goes over the wire, when that is another file. */
  transport: z.strictObject({ kind: z.literal('xz'), file: z.string(), size: z.int(), sha256 }).optional(),
  /** Fields of the release file. */
  release: z.record(z.string(), z.string()),
  /** Program → version and the source that delivered it. */
  programs: z.record(
    z.string(),
    z.strictObject({ version: z.string(), source: z.enum(['release', 'goModules', 'debian']) }),
  ),
  inputs: z.array(Input),
  tools: z.record(z.string(), z.string()),
  paths: z.array(RecordedPath),
  /** Lint findings that did not stop the build. */
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      path: z.string().optional(),
      message: z.string(),
      allowed: z.string().optional(),
    }),
  ),
});

export type BuildRecord = z.output<typeof BuildRecord>;
