import * as z from 'zod';
import { architectures } from './arch.ts';
import { expandBraces } from './braces.ts';
import { SysextError } from './errors.ts';
import { goProgramName } from './go-program-name.ts';
import { imagePathProblem } from './image-path.ts';
import { describeIssues } from './issues.ts';
import { seriesProblem } from './series.ts';
import { placeholdersOf } from './template.ts';
import { transports } from './transport.ts';
import { versionProblem } from './version.ts';
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

/** A zod check out of a function that names the problem. */
const without = (problem: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const found = problem(value);
    if (found !== undefined) context.addIssue({ code: 'custom', message: `${JSON.stringify(value)}: ${found}` });
  });

const Name = without(nameProblem);
const Version = without(versionProblem);
const Url = z.string().regex(/^https?:\/\/[^/\s]+\/\S*$/, 'an http or https URL');

/** `/usr/bin/etcd`: absolute, normal form, below one of the hierarchies a merge covers. */
const ImagePath = without((path) => {
  if (!/^\/(usr|opt)\/./.test(path)) return 'only /usr (and, where a recipe allows it, /opt) is merged into a host';
  return imagePathProblem(path.slice(1));
});

/** An {@link ImagePath}, or a directory of one, written with a slash at its end. */
const Destination = without((path) => {
  const file = path.endsWith('/') ? `${path}x` : path;
  const parsed = ImagePath.safeParse(file);
  return parsed.success ? undefined : 'a file or, with a slash at its end, a directory below /usr';
});

const Mode = z.string().regex(/^0[0-7]{3,4}$/, 'an octal mode such as "0755"');

/** Restricts a rule to a range of upstream versions, in systemd's order. */
const When = z.strictObject({
  /** First version the rule applies to. */
  from: Version.optional(),
  /** First version it no longer applies to. */
  before: Version.optional(),
});

/** Versions of another extension that this one works with, in systemd's order. */
const VersionRange = z.strictObject({
  from: Version.optional(),
  before: Version.optional(),
  /** This one alone; `{version}` and `{<companion>}` are filled in. */
  exactly: z.string().min(1).optional(),
});

/** Where a member goes. A directory keeps the member's own name; a file renames it. */
const Placement = z.union([
  Destination,
  z.strictObject({
    to: Destination,
    /** Instead of 0755 for what upstream marks executable and 0644 for the rest. */
    mode: Mode.optional(),
    /** No error when the archive has no such member. */
    optional: z.boolean().optional(),
  }),
]);

/** How `sysext lock` learns what upstream says the digest is. */
const Verification = z.union([
  /** A checksum list (or a file with nothing but the digest); `{url}` is the download's own URL. */
  z.strictObject({ sums: Url.or(z.string().regex(/^\{url\}\S*$/)) }),
  /** The digest GitHub keeps of a release asset. */
  z.strictObject({ githubAsset: z.literal(true) }),
]);

const archiveFormats = ['raw', 'tar', 'tar.gz', 'tar.xz', 'tar.zst', 'tar.bz2', 'zip', 'squashfs'] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];

/** An entry of its own for each of the names that a key with alternatives stands for: `bin/{runc,crun}`. */
function expandKeys<Value>(entries: Record<string, Value>, context: z.RefinementCtx): Record<string, Value> {
  const expanded = new Map<string, Value>();
  for (const [key, value] of Object.entries(entries)) {
    if (/\{[^}]*\{/.test(key)) context.addIssue({ code: 'custom', path: [key], message: 'braces within braces' });
    for (const name of expandBraces(key)) {
      if (expanded.has(name)) context.addIssue({ code: 'custom', path: [key], message: `${name} is there twice` });
      expanded.set(name, value);
    }
  }
  return Object.fromEntries(expanded);
}

/** Members to install: pattern → place; `{a,b}` in a pattern stands for two of them. */
const Members = z.record(z.string().min(1), Placement).transform(expandKeys);

const Download = z.strictObject({
  /** One URL, or several that serve the same bytes, in the order to try them. */
  url: Url.or(z.array(Url).min(1)),
  /** What `{arch}` stands for in the URL and in member names. */
  arch: z.strictObject({ 'x86-64': z.string().optional(), arm64: z.string().optional() }).optional(),
  /** Told from the end of the URL when absent. */
  format: z.enum(archiveFormats).optional(),
  /** Pattern of members that are Debian packages: what they install is then what `take` chooses from. */
  packages: z.string().min(1).optional(),
  /** Leading path components to drop from every member. */
  strip: z.int().min(0).max(8).optional(),
  /**
   * Members to install: pattern → place. `*` stands for part of a name, `**` for any depth, `{a,b}` for two patterns, and
   * a pattern that ends in `/` takes the whole directory. For `raw`, just the place.
   */
  take: Placement.or(Members),
  /** Members that `take` would match and the image must not have. */
  leave: z.array(z.string().min(1)).optional(),
  verify: Verification.optional(),
  when: When.optional(),
});

/** Files that upstream publishes: `downloads`, or the fields of the only one. */
const ReleaseSource = z
  .strictObject({
    kind: z.literal('release'),
    downloads: z.array(Download).min(1).optional(),
    ...Download.partial().shape,
  })
  .transform(({ kind, downloads, when, ...only }, context) => {
    const { url, take } = only;
    const range = when === undefined ? {} : { when };
    if (downloads !== undefined && Object.keys(only).length === 0) return { kind, downloads, ...range };
    if (downloads === undefined && url !== undefined && take !== undefined) {
      return { kind, downloads: [{ ...only, url, take }], ...range };
    }
    const message =
      downloads === undefined
        ? 'lacks "downloads", or "url" and "take" of the only one'
        : `has "downloads", and ${Object.keys(only).join(', ')} of a single one`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** Import path of a Go package or module. */
const GoPath = z.string().regex(/^[\w.~-]+(\/[\w.~-]+)+$/);

const GoModulesSource = z.strictObject({
  kind: z.literal('goModules'),
  /** Main package → file in the image, or its directory, where it gets the name that Go gives it. */
  commands: z
    .record(z.string(), Destination)
    .transform(expandKeys)
    .pipe(z.record(GoPath, Destination))
    .transform((commands) =>
      Object.fromEntries(
        Object.entries(commands).map(([main, to]) => [main, to.endsWith('/') ? to + goProgramName(main) : to]),
      ),
    ),
  /** Further linker flags; `-s -w` is always there. */
  ldflags: z.array(z.string()).optional(),
  /** Build tags. */
  tags: z.array(z.string().regex(/^\w+$/)).optional(),
  /**
   * Modules that the `go.mod` of a module replaces by directories of its own repository: what it requires of
   * them is no version that a proxy has. `{minor}` and `{patch}` are numbers of the program's version.
   */
  siblings: z
    .strictObject({
      /** The module: `k8s.io/kubernetes`. */
      of: GoPath,
      /** At which version upstream publishes them: `v0.{minor}.{patch}`. */
      version: z.string().regex(/^v[\w.{}+-]+$/),
    })
    .optional(),
  /**
   * Published modules for those that the `go.mod` of upstream replaces by directories, where the version that it requires
   * is not what it builds with: `{ 'github.com/hashicorp/consul/api': 'github.com/hashicorp/consul/api@v1.34.1' }`.
   */
  replace: z.record(GoPath, z.string().regex(/^[\w.~-]+(\/[\w.~-]+)+@v[\w.+-]+$/, 'module@version')).optional(),
  when: When.optional(),
});

const DebianSource = z.strictObject({
  kind: z.literal('debian'),
  /** By its code name: `trixie`. */
  suite: z.string().regex(/^[a-z]+$/, 'the code name of a suite'),
  /** Binary packages to take from; the version of the first is the version of the program. */
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/)).min(1),
  /**
   * Members to install: pattern → place, as for a download. `{arch}` is Debian's word for its directories of
   * libraries: `x86_64-linux-gnu`. What the recipe puts into `/usr/lib/<program>/` is where the program finds it.
   */
  take: Members,
  /** Members that `take` would match and the image must not have. */
  leave: z.array(z.string().min(1)).optional(),
  when: When.optional(),
});

const Source = z.discriminatedUnion('kind', [ReleaseSource, GoModulesSource, DebianSource]);

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
export type Source = z.output<typeof Source>;
export type ReleaseSource = z.output<typeof ReleaseSource>;
export type GoModulesSource = z.output<typeof GoModulesSource>;
export type DebianSource = z.output<typeof DebianSource>;
export type Download = z.output<typeof Download>;
export type Placement = z.output<typeof Placement>;
export type Verification = z.output<typeof Verification>;
export type VersionRange = z.output<typeof VersionRange>;
export type SourceKind = Source['kind'];

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
