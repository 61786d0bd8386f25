import * as z from 'zod';
import type { Context } from '../context.ts';
import { compareVersions } from '../version.ts';
import { type Candidate, ask, dayOf, parseAnswer, wrongAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

const root = 'https://www.haproxy.org/download/';
/** There are about thirty. */
const maxBranches = 100;

const Branch = z.object({
  branch: z.string(),
  releases: z.record(z.string(), z.object({ date: z.string().nullish() })),
});

/**
 * The releases of every branch since one: the directory listing names the branches, and each has a
 * `releases.json`.
 *
 * @throws SysextError `ANSWER_INVALID`.
 */
export async function* haproxyReleases(context: Context, { since }: SourceOf<'haproxy'>): AsyncGenerator<Candidate> {
  const branches = branchesIn((await ask(context, root)).text).filter((branch) => compareVersions(branch, since) >= 0);
  if (branches.length === 0) throw wrongAnswer(root, `this page names no branch since ${since}`);
  if (branches.length > maxBranches) throw wrongAnswer(root, `more than ${maxBranches} branches`);
  for (const branch of branches) {
    const url = `${root}${branch}/src/releases.json`;
    const answer = parseAnswer(Branch, (await ask(context, url)).text, url);
    if (answer.branch !== branch) throw wrongAnswer(url, `these are releases of ${JSON.stringify(answer.branch)}`);
    for (const [name, { date }] of Object.entries(answer.releases)) yield { name, date: dayOf(date) };
  }
}

/** Names of the branches that the listing links to. */
export function branchesIn(listing: string): string[] {
  const links = listing.matchAll(/href="(?:\/download\/|\.\/)?(\d{1,4}\.\d{1,4})\/?"/g);
  return [...new Set([...links].map((match) => match[1]!))];
}
