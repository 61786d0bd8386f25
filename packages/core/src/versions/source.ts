import * as z from 'zod';
import { placeholdersOf } from '../template.ts';

/** A regular expression that compiles and has so many groups. */
const pattern = (groups?: number) =>
  z.string().superRefine((value, context) => {
    try {
      const found = new RegExp(`${value}|`).exec('')!.length - 1;
      if (groups === undefined || found === groups) return;
      context.addIssue({ code: 'custom', message: `it has ${found} groups instead of ${groups}` });
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

const filtered = {
  /** Regular expression that a version has to match as a whole. */
  match: pattern().optional(),
};

const tagged = {
  ...filtered,
  /** The tag of a version, when upstream's tag is more than the version: `v{version}`. */
  tag: z
    .string()
    .refine(
      (tag) => placeholdersOf(tag).join(' ') === 'version',
      'it must contain {version} once, and nothing else in braces',
    )
    .optional(),
};

const repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'owner/name');
const address = z.string().regex(/^https?:\/\/[^/\s?#]+(\/[^\s#]*)?$/, 'an http or https URL');

/** Releases of a repository on GitHub. */
const GithubReleases = z.strictObject({ from: z.literal('github-releases'), repo: repository, ...tagged });

/** Tags of a repository on GitHub, of upstreams that publish no releases there. */
const GithubTags = z.strictObject({ from: z.literal('github-tags'), repo: repository, ...tagged });

/** Tags of a project on a GitLab. */
const GitlabTags = z.strictObject({
  from: z.literal('gitlab-tags'),
  /** `https://gitlab.com` */
  instance: z.string().regex(/^https?:\/\/[^/\s?#]+(\/[^\s?#]*[^/\s?#])?$/, 'a URL without a slash at its end'),
  /** Its path, `group/name`, or its number. */
  project: z.string().regex(/^(\d+|[\w.-]+(\/[\w.-]+)+)$/, 'group/name, or a number'),
  ...tagged,
});

/** A product of HashiCorp: the freely licensed releases. */
const Hashicorp = z.strictObject({
  from: z.literal('hashicorp'),
  product: z.string().regex(/^[a-z][a-z0-9-]*$/),
  ...filtered,
});

/** Kubernetes' own schedule: the patches (`v1.32.2`) of every series that is supported today. */
const Kubernetes = z.strictObject({ from: z.literal('kubernetes'), ...filtered });

/** A page that names files: the listing of a directory, a download page, an index. */
const Listing = z.strictObject({
  from: z.literal('listing'),
  url: address,
  /** What to look for in its text; the group is the version: `docker-([\d.]+)\.tgz`. */
  pattern: pattern(1),
  ...filtered,
});

/** haproxy.org: the releases of every branch. */
const Haproxy = z.strictObject({
  from: z.literal('haproxy'),
  /** First branch to look at: `3.0`. */
  since: z.string().regex(/^\d+\.\d+$/),
  ...filtered,
});

/** Versions of a Go module, as the user's module proxy lists them. */
const GoModule = z.strictObject({
  from: z.literal('go-module'),
  module: z.string().regex(/^[a-z0-9][a-z0-9.-]*\.[a-z]+(\/[\w.~-]+)*$/, 'a module path such as github.com/owner/name'),
  ...tagged,
});

/** The version of a package in a suite of Debian: what a `debian` source can be locked at. */
const Debian = z.strictObject({
  from: z.literal('debian'),
  /** By its code name: `trixie`. */
  suite: z.string().regex(/^[a-z]+$/, 'the code name of a suite'),
  /** Binary package. */
  package: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
  ...filtered,
});

/** Schema of a recipe's `versions`: where upstream lists what it has released. */
export const VersionSource = z.discriminatedUnion('from', [
  GithubReleases,
  GithubTags,
  GitlabTags,
  Hashicorp,
  Kubernetes,
  Listing,
  Haproxy,
  GoModule,
  Debian,
]);
export type VersionSource = z.output<typeof VersionSource>;

/** One kind of {@link VersionSource}. */
export type SourceOf<From extends VersionSource['from']> = Extract<VersionSource, { from: From }>;
