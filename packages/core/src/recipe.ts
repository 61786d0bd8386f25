import * as z from 'zod';
import { architectures } from './arch.ts';
import { SysextError } from './errors.ts';
import { ImagePath, Url, Version, When, without } from './fields.ts';
import { describeIssues } from './issues.ts';
import { seriesProblem } from './series.ts';
import { Source } from './sources/source.ts';
import { placeholdersOf } from './template.ts';
import { transports } from './transport.ts';
import { VersionSource } from './versions/source.ts';

/**
 * Why `name` cannot name an extension, or `undefined` when it can.
 *
 * `_` and `+` cut the name in systemd's release-file lookup, `,` and `:` break the overlay
 * mount of every extension on the host, and the reserved forms belong to Flatcar's own images
 * (systemd-sysext(8); Flatcar's `bootengine`).
 */
export function nameProblem(name: string): string | undefined {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    return 'only lower-case letters, digits and "-" are safe, and a letter or digit comes first';
  }
  if (name.length > 64) return 'it is longer than 64 characters';
  if (name === 'keys') return 'a repository keeps its keyring under that name';
  if (name.startsWith('flatcar-') || name.startsWith('oem-') || name.endsWith('-flatcar')) {
    return "the forms flatcar-*, oem-* and *-flatcar belong to Flatcar's own images";
  }
  return undefined;
}

const Name = without(nameProblem);

/** Versions of another extension that this one works with, in systemd's order. */
const VersionRange = z.strictObject({
  from: Version.optional(),
  before: Version.optional(),
  /** This one alone; `{version}` and `{<companion>}` are filled in. */
  exactly: z.string().min(1).optional(),
});

/** A program with versions of its own: the extension's main one, or a companion in its image. */
const Program = z.strictObject({
  versions: VersionSource,
  /** In the order to try them: the first that can be reached delivers. */
  sources: z.array(Source).min(1),
});

/** A further program in the same image. */
const Companion = Program.extend({
  /**
   * What `sysext lock` and `sysext update` do with its version when the extension's changes: `newest` takes the newest;
   * `series` the newest of the extension's own series, for programs that are released together; absent keeps
   * the version there was.
   */
  follow: z.enum(['newest', 'series']).optional(),
});

/** Target of a symlink, for a range of versions. */
const LinkChoice = z.strictObject({ target: z.string().min(1), when: When.optional() });

const Service = z.discriminatedUnion('start', [
  z.strictObject({
    /**
     * `on-merge`: the host starts it when the image is merged, and keeps it running.
     * `manual`: it does nothing useful before an operator configures it; who configures it starts it.
     */
    start: z.enum(['manual', 'on-merge']),
  }),
  z.strictObject({
    /**
     * It starts with the merge, and at every boot, if it is configured; and whenever its configuration changes, in
     * mode or time too. Once stopped it stays so until then.
     */
    start: z.literal('when-configured'),
    /** The file without which it does nothing useful. */
    configuration: z.string().regex(/^\/(etc|var)(\/(?!\.\.?\/|\.\.?$)[\w.-]+)+$/, 'a file below /etc or /var'),
  }),
]);

/** What a host does when a new image is there. */
const Update = z.strictObject({
  /**
   * `restart`: merge anew on the running host and restart the recipe's services that run.
   * `reboot`: leave a `/run/reboot-required` for whoever coordinates reboots.
   */
  apply: z.enum(['restart', 'reboot']),
  /**
   * For services of a cluster: a command of the image that holds a lock of the cluster while it runs the
   * command it gets as its last arguments, so that one host at a time is away.
   */
  lock: z
    .strictObject({
      command: z.tuple([ImagePath], z.string().regex(/^[\w@%+=:,./-]+$/, 'a word without spaces or quotes')),
      /** Environment file that the command needs; without it there is no cluster, and no lock is taken. */
      environmentFile: z.string().regex(/^\/etc\/[\w./-]+$/),
    })
    .optional(),
});

const Allowance = z.strictObject({
  /** Name of the lint rule. */
  rule: z.string(),
  /** Path or glob the rule may complain about without being an error. */
  path: ImagePath,
  /** The reason, for whoever reads the record. */
  why: z.string().min(10),
});

/** Schema of a recipe. Unknown fields are errors. */
export const Recipe = z
  .strictObject({
    name: Name,
    /** One line: what it is, for lists. */
    summary: z.string().min(10).max(120),
    homepage: Url,
    /** SPDX expression of what the image holds. */
    licence: z.string().min(3),
    /** Architectures upstream offers; all of ours when absent. */
    architectures: z
      .array(z.enum(architectures))
      .min(1)
      .default([...architectures]),
    ...Program.shape,
    /** Further programs in the same image, each with a version of its own, pinned in the lock. */
    companions: z.record(Name, Companion).optional(),
    /** Symlinks: path → target, or the first of several that applies to the version; none when none does. */
    links: z.record(ImagePath, z.string().min(1).or(z.array(LinkChoice).min(1))).optional(),
    /** Small generated files: path → text. `{version}`, `{bare}` and `{<companion>}` are filled in. */
    texts: z.record(ImagePath, z.string()).optional(),
    /** Literal replacements in files that come from upstream: path → what → by what. */
    substitute: z.record(ImagePath, z.record(z.string().min(1), z.string())).optional(),
    /** Units a person or the merge starts. */
    services: z.record(z.string().regex(/^[\w@.-]+\.(service|socket|timer|path)$/), Service).optional(),
    /**
     * Versions that a host may follow without crossing into the next: a regular expression at the start of
     * a version, whose group is the name of the series: `^v(\\d+\\.\\d+)\\.`.
     */
    series: z.string().optional(),
    /** `restart` when absent. */
    update: Update.optional(),
    /** How images go over the wire unless the build says otherwise; `plain` when absent. */
    transport: z.enum(transports).optional(),
    /** Extensions that have to be merged beside this one. */
    requires: z.array(Name).optional(),
    /** Versions of other extensions that this one works with, where they are merged beside it. */
    requiresVersion: z.record(Name, VersionRange).optional(),
    /** Images that must not be merged beside this one; Flatcar's own included. */
    conflicts: z.array(z.string()).optional(),
    /** Lint findings that are meant to be, each with its reason. */
    allow: z.array(Allowance).optional(),
  })
  .superRefine((recipe, context) => {
    const companions = Object.keys(recipe.companions ?? {});
    const series = recipe.series === undefined ? undefined : seriesProblem(recipe.series);
    if (series !== undefined) context.addIssue({ code: 'custom', path: ['series'], message: series });
    const inTexts = new Set(['version', 'bare', ...companions]);
    for (const [path, text] of Object.entries(recipe.texts ?? {})) {
      for (const name of placeholdersOf(text)) {
        if (!inTexts.has(name)) {
          context.addIssue({ code: 'custom', path: ['texts', path], message: `{${name}} is unknown` });
        }
      }
    }
    for (const [name, { follow }] of Object.entries(recipe.companions ?? {})) {
      if (follow === 'series' && recipe.series === undefined) {
        const message = 'the recipe has no series that it could follow';
        context.addIssue({ code: 'custom', path: ['companions', name, 'follow'], message });
      }
    }
    for (const [other, { exactly = '' }] of Object.entries(recipe.requiresVersion ?? {})) {
      for (const name of placeholdersOf(exactly)) {
        if (!inTexts.has(name)) {
          context.addIssue({ code: 'custom', path: ['requiresVersion', other], message: `{${name}} is unknown` });
        }
      }
    }
    for (const [unit, { start }] of Object.entries(recipe.services ?? {})) {
      if (start === 'when-configured' && !/^[^@]+\.service$/.test(unit)) {
        context.addIssue({
          code: 'custom',
          path: ['services', unit],
          message: 'only a service waits for its configuration',
        });
      }
    }
    if (companions.includes(recipe.name)) {
      context.addIssue({ code: 'custom', path: ['companions', recipe.name], message: 'is the extension itself' });
    }
  });

/** A recipe as an author writes it. */
export type RecipeInput = z.input<typeof Recipe>;
/** A checked recipe. */
export type Recipe = z.output<typeof Recipe>;
export type Program = z.output<typeof Program>;
export type Companion = z.output<typeof Companion>;
/** A companion as an author writes it, in a file of its own where it is long. */
export type CompanionInput = z.input<typeof Companion>;
export type VersionRange = z.output<typeof VersionRange>;

/** A recipe and the directory that holds its lock, its `files/` and its `go/`. */
export type Extension = Recipe & { readonly directory: string };

/**
 * Declares an extension. Every `extension.ts` exports the result as its default:
 *
 * ```ts
 * export default defineExtension(import.meta.dirname, { name: 'etcd', … });
 * ```
 *
 * @throws SysextError `RECIPE_INVALID` with every problem found, not just the first.
 */
export function defineExtension(directory: string, input: RecipeInput): Extension {
  const parsed = Recipe.safeParse(input);
  if (parsed.success) return { ...parsed.data, directory };
  const problems = describeIssues(parsed.error, 'recipe');
  throw new SysextError('RECIPE_INVALID', `${directory}/extension.ts is no valid recipe:\n  ${problems.join('\n  ')}`, {
    hint: `correct ${directory}/extension.ts; the fields are documented in docs/recipes.md`,
    data: { problems },
  });
}

/** All programs of an extension by name: its own first, then its companions. */
export function programsOf(extension: Recipe): [name: string, program: Program][] {
  const { versions, sources } = extension;
  return [[extension.name, { versions, sources }], ...Object.entries(extension.companions ?? {})];
}
