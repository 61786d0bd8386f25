import * as z from 'zod';
import type { Context } from '../context.ts';
import { type Candidate, ask, dayOf, nextPage, pages, parseAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

/** The most that the API gives on a page. */
const perPage = 100;

const Tag = z.object({
  name: z.string(),
  /** Of an annotated tag. */
  created_at: z.string().nullish(),
  commit: z.object({ created_at: z.string().nullish() }).nullish(),
});

/**
 * All tags of a project on a GitLab, page after page.
 *
 * `GITLAB_TOKEN` is sent to gitlab.com, or to the host that `GITLAB_HOST` names, and to no other.
 *
 * Source: GitLab's Tags API and its offset-based pagination (docs.gitlab.com/api/tags).
 */
export async function* gitlabTags(
  context: Context,
  { instance, project }: SourceOf<'gitlab-tags'>,
): AsyncGenerator<Candidate> {
  const headers = authorization(context, instance);
  const first = `${instance}/api/v4/projects/${encodeURIComponent(project)}/repository/tags?per_page=${perPage}`;
  const tags = pages(first, async (url) => {
    const answer = await ask(context, url, headers);
    const items = parseAnswer(z.array(Tag).max(perPage), answer.text, url);
    return { items, next: nextPage(answer.headers['link'], url) };
  });
  for await (const { name, created_at, commit } of tags) yield { name, date: dayOf(created_at ?? commit?.created_at) };
}

function authorization({ env }: Context, instance: string): Record<string, string> {
  const token = env['GITLAB_TOKEN'];
  const host = (env['GITLAB_HOST'] || 'gitlab.com').replace(/^https:\/\//, '');
  return token && instance === `https://${host}` ? { authorization: `Bearer ${token}` } : {};
}
