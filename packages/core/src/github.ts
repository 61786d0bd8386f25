import * as z from 'zod';
import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { fetchText } from './fetch.ts';

const api = 'https://api.github.com';

const Release = z.object({
  tag_name: z.string(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  published_at: z.string().nullable(),
  assets: z.array(z.object({ name: z.string(), digest: z.string().nullish() })),
});
export type Release = z.output<typeof Release>;

/**
 * All releases of a repository, page after page, drafts and prereleases left out.
 *
 * `GITHUB_TOKEN` (or `GH_TOKEN`) is sent when it is set: to the API, or to the mirror that the
 * operator put in its place, and to nothing they redirect to.
 *
 * @throws SysextError `HTTP_STATUS` (a rate limit is named as such) and what `fetchText` throws.
 */
export async function* githubReleases(context: Context, repo: string): AsyncGenerator<Release> {
  let url: string | undefined = `${api}/repos/${repo}/releases?per_page=100`;
  for (let page = 1; url !== undefined; page++) {
    if (page > 100) throw new SysextError('HTTP_STATUS', `${repo}: more than 100 pages of releases`);
    const { text, headers } = await askGithub(context, url);
    const releases = parse(z.array(Release), text, url);
    yield* releases.filter(({ draft, prerelease }) => !draft && !prerelease);
    url = nextPage(headers['link'], url);
  }
}

/** The digest GitHub keeps of a release asset, or `undefined` for assets older than that feature. */
export async function githubAssetDigest(context: Context, assetUrl: string): Promise<string | undefined> {
  const match = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/download\/([^/]+)\/([^/?#]+)$/.exec(assetUrl);
  if (match === null) {
    throw new SysextError('RECIPE_INVALID', `githubAsset: ${assetUrl} is no release asset of GitHub`);
  }
  const [, repo, tag, name] = match;
  const url = `${api}/repos/${repo}/releases/tags/${tag}`;
  const release = parse(Release, (await askGithub(context, url)).text, url);
  const digest = release.assets.find((asset) => asset.name === decodeURIComponent(name!))?.digest;
  return /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
}

async function askGithub(context: Context, url: string): ReturnType<typeof fetchText> {
  const token = context.env['GITHUB_TOKEN'] || context.env['GH_TOKEN'];
  try {
    return await fetchText(context, url, {
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

function parse<T>(schema: z.ZodType<T>, text: string, url: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new SysextError('HTTP_STATUS', `${url}: the answer is not what GitHub's API gives`, { cause: error });
  }
}

/** Address of the next page by the Link header (RFC 8288). Only its query is taken: pages stay on the API. */
function nextPage(link: string | string[] | undefined, current: string): string | undefined {
  const next = /<([^>]+)>\s*;\s*rel="next"/.exec([link ?? ''].flat().join(','))?.[1];
  return next === undefined ? undefined : current.split('?', 1)[0] + new URL(next, current).search;
}
