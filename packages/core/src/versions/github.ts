import * as z from 'zod';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import type { fetchText } from '../fetch.ts';
import { type Candidate, ask, dayOf, nextPage, pages, parseAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

const api = 'https://api.github.com';
/** The most that the API gives on a page. */
const perPage = 100;

const Release = z.object({
  tag_name: z.string(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  published_at: z.string().nullable(),
  assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })),
});
const Tag = z.object({ name: z.string() });

/**
 * All releases of a repository, page after page, drafts and prereleases left out.
 *
 * `GITHUB_TOKEN` (or `GH_TOKEN`) is sent when it is set: to the API, or to the mirror that the
 * operator put in its place, and to nothing they redirect to.
 *
 * @throws SysextError `HTTP_STATUS` (a rate limit is named as such), `ANSWER_INVALID`, and what `fetchText` throws.
 */
export async function* githubReleases(
  context: Context,
  { repo }: SourceOf<'github-releases'>,
): AsyncGenerator<Candidate> {
  for await (const release of listed(context, `${repo}/releases`, Release)) {
    if (!release.draft && !release.prerelease) yield { name: release.tag_name, date: dayOf(release.published_at) };
  }
}

/** All tags of a repository, page after page; otherwise as {@link githubReleases}. */
export async function* githubTags(context: Context, { repo }: SourceOf<'github-tags'>): AsyncGenerator<Candidate> {
  yield* listed(context, `${repo}/tags`, Tag);
}

/** The digest GitHub keeps of a release asset, or `undefined` for assets older than that feature. */
export async function githubAssetDigest(context: Context, assetUrl: string): Promise<string | undefined> {
  const match = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\/([^/?#]+)$/.exec(assetUrl);
  if (match === null) {
    throw new SysextError('RECIPE_INVALID', `githubAsset: ${assetUrl} is no release asset of GitHub`);
  }
  const [, repo, tag, name] = match;
  const url = `${api}/repos/${repo}/releases/tags/${tag}`;
  const release = parseAnswer(Release, (await askGithub(context, url)).text, url);
  const digest = release.assets.find((asset) => asset.name === decodeURIComponent(name!))?.digest;
  return /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
}

function listed<T>(context: Context, what: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  return pages(`${api}/repos/${what}?per_page=${perPage}`, async (url) => {
    const { text, headers } = await askGithub(context, url);
    const items = parseAnswer(z.array(schema).max(perPage), text, url);
    return { items, next: nextPage(headers['link'], url) };
  });
}

async function askGithub(context: Context, url: string): ReturnType<typeof fetchText> {
  const token = context.env['GITHUB_TOKEN'] || context.env['GH_TOKEN'];
  try {
    return await ask(context, url, {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    });
  } catch (error) {
    const status = error instanceof SysextError ? (error.data as { status?: number } | undefined)?.status : undefined;
    if ((status === 403 || status === 429) && !token) {
      throw new SysextError(
        'HTTP_STATUS',
        `${url}: GitHub answered ${status}, which is its rate limit for callers without a token`,
        {
          cause: error,
          hint: 'set GITHUB_TOKEN, or name a mirror of the API: --mirror https://api.github.com/=https://…',
        },
      );
    }
    throw error;
  }
}
