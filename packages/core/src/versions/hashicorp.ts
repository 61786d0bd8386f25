import * as z from 'zod';
import type { Context } from '../context.ts';
import { type Candidate, ask, dayOf, pages, parseAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

/** The most that the API gives on a page. */
const perPage = 20;

const Release = z.object({
  version: z.string(),
  is_prerelease: z.boolean(),
  license_class: z.string().nullish(),
  timestamp_created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/),
});

/**
 * All releases of a product, page after page, prereleases and enterprise builds left out.
 *
 * Source: HashiCorp's Releases API, v1: newest first, a page goes on `after` the time of the last entry before;
 * the page after the last is empty.
 */
export async function* hashicorpReleases(
  context: Context,
  { product }: SourceOf<'hashicorp'>,
): AsyncGenerator<Candidate> {
  const first = `https://api.releases.hashicorp.com/v1/releases/${product}?license_class=oss&limit=${perPage}`;
  const releases = pages(first, async (url) => {
    const items = parseAnswer(z.array(Release).max(perPage), (await ask(context, url)).text, url);
    const last = items.at(-1)?.timestamp_created;
    return { items, next: last === undefined ? undefined : `${first}&after=${encodeURIComponent(last)}` };
  });
  for await (const { version, is_prerelease, license_class, timestamp_created } of releases) {
    if (is_prerelease || (license_class ?? 'oss') !== 'oss' || /\+ent(\W|$)/.test(version)) continue;
    yield { name: version, date: dayOf(timestamp_created) };
  }
}
