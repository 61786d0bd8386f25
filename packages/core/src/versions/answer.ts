import type * as z from 'zod';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { fetchText } from '../fetch.ts';
import { displayUrl } from '../mirrors.ts';

/** What a list calls a version, before anybody has looked whether it can be one. */
export interface Candidate {
  readonly name: string;
  /** Day of the release, `2025-03-27`, when the list says. */
  readonly date?: string | undefined;
}

/** Bytes of the largest answer: a hundred releases of a repository with many assets are some megabytes. */
const maxAnswer = 16 * 1024 ** 2;
const maxPages = 100;

/** The error for an answer that is not of the form its server documents. */
export function wrongAnswer(url: string, what: string, cause?: unknown): SysextError {
  return new SysextError('ANSWER_INVALID', `${displayUrl(url)}: ${what}`, cause === undefined ? {} : { cause });
}

/** Reads an answer, 16 MiB at most. */
export async function ask(
  context: Context,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof fetchText> {
  return await fetchText(context, url, headers, maxAnswer);
}

/**
 * Reads a JSON answer of a known form.
 *
 * @throws SysextError `ANSWER_INVALID`.
 */
export function parseAnswer<T>(schema: z.ZodType<T>, text: string, url: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw wrongAnswer(url, 'the answer is not of the form this server documents', error);
  }
}

/**
 * Goes through the pages of a list, from one address to the next.
 *
 * @throws SysextError `ANSWER_INVALID` for more than a hundred pages: such a list has no end.
 */
export async function* pages<T>(
  first: string,
  read: (url: string) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): AsyncGenerator<T> {
  let url: string | undefined = first;
  for (let page = 1; url !== undefined; page++) {
    if (page > maxPages) throw wrongAnswer(first, `more than ${maxPages} pages`);
    const { items, next }: Awaited<ReturnType<typeof read>> = await read(url);
    yield* items;
    url = next;
  }
}

/**
 * Address of the next page by the Link header (RFC 8288). Only its query is taken: pages stay on
 * the server, or the mirror, that was asked.
 */
export function nextPage(link: string | string[] | undefined, current: string): string | undefined {
  const next = /<([^>]*)>\s*;\s*rel="next"/.exec([link ?? ''].flat().join(','))?.[1];
  if (next === undefined) return undefined;
  const target = URL.parse(next, current);
  if (target === null) throw wrongAnswer(current, 'the next page has no address');
  return current.split('?', 1)[0] + target.search;
}

/** The day of a timestamp, `2025-03-27`; `undefined` for a text that is none. */
export function dayOf(timestamp: string | null | undefined): string | undefined {
  return /^\d{4}-\d\d-\d\d(?=$|T)/.exec(timestamp ?? '')?.[0];
}
