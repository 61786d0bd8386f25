import pMap from 'p-map';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { type UpstreamVersions, listVersions } from './list.ts';
import type { VersionSource } from './source.ts';

/** Upstreams that are asked at the same time. */
const atOnce = 8;

/** Upstreams of one run: each is asked once, however many programs come from it. */
export class Upstreams {
  readonly #context: Context;
  readonly #asked = new Map<string, Promise<UpstreamVersions>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * The versions that an upstream lists: one at least. The first answer, or error, is that of all further calls.
   *
   * @throws SysextError what `listVersions` throws; `ANSWER_INVALID` when it lists none that the recipe takes.
   */
  async list(source: VersionSource): Promise<UpstreamVersions> {
    const key = JSON.stringify(source);
    let answer = this.#asked.get(key);
    if (answer === undefined) {
      answer = listSome(this.#context, source);
      this.#asked.set(key, answer);
    }
    return await answer;
  }

  /** Asks several upstreams, eight at a time; `list` then tells what each answered, or how it failed. */
  async askAll(programs: readonly (readonly [name: string, source: VersionSource])[]): Promise<void> {
    const { onEvent, signal } = this.#context;
    const asking = { step: 'ask', subject: 'upstreams' } as const;
    let done = 0;
    onEvent({ type: 'start', ...asking });
    await pMap(
      programs,
      async ([name, source]) => {
        await this.list(source).catch(() => undefined);
        onEvent({ type: 'progress', ...asking, done: ++done, total: programs.length, detail: name });
      },
      { concurrency: atOnce, signal },
    );
    onEvent({ type: 'end', ...asking, cached: false, detail: `of ${programs.length} programs` });
  }
}

async function listSome(context: Context, source: VersionSource): Promise<UpstreamVersions> {
  const answer = await listVersions(context, source);
  if (answer.versions.length > 0) return answer;
  throw new SysextError('ANSWER_INVALID', `${source.from}: upstream lists no version that the recipe takes`, {
    hint: "look at the recipe's versions, and at upstream's page",
  });
}
