import type { Context } from '../context.ts';
import { type Candidate, ask, wrongAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

/**
 * The versions that a page names, wherever the pattern is found in its text.
 *
 * @throws SysextError `ANSWER_INVALID` when it is found nowhere: a page of another kind (a login, an error) was given.
 */
export async function* listedFiles(context: Context, { url, pattern }: SourceOf<'listing'>): AsyncGenerator<Candidate> {
  const { text } = await ask(context, url);
  const names = new Set([...text.matchAll(new RegExp(pattern, 'g'))].map((match) => match[1] ?? ''));
  names.delete('');
  if (names.size === 0) throw wrongAnswer(url, `nothing in this page matches ${pattern}`);
  for (const name of names) yield { name };
}
