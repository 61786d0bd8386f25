import type { Context } from '../context.ts';
import { type UpstreamVersions, listVersions } from './list.ts';
import type { VersionSource } from './source.ts';

/** Upstreams of one run: each is asked once, however many programs come from it. */
export class Upstreams {
  readonly #context: Context;
  readonly #asked = new Map<string, Promise<UpstreamVersions>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** What `listVersions` returns or throws, the first time and every further time. */
  async list(source: VersionSource): Promise<UpstreamVersions> {
    const key = JSON.stringify(source);
    let answer = this.#asked.get(key);
    if (answer === undefined) {
      answer = listVersions(this.#context, source);
      this.#asked.set(key, answer);
    }
    return await answer;
  }
}
