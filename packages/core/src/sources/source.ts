import * as z from 'zod';
import { expandBraces } from '../braces.ts';
import { Destination, Mode, Url, When } from '../fields.ts';
import { goProgramName } from '../go-program-name.ts';

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

/** Schema of where a program comes from. */
export const Source = z.discriminatedUnion('kind', [ReleaseSource, GoModulesSource, DebianSource]);

export type Source = z.output<typeof Source>;
export type ReleaseSource = z.output<typeof ReleaseSource>;
export type GoModulesSource = z.output<typeof GoModulesSource>;
export type DebianSource = z.output<typeof DebianSource>;
export type Download = z.output<typeof Download>;
export type Placement = z.output<typeof Placement>;
export type Verification = z.output<typeof Verification>;
export type SourceKind = Source['kind'];
