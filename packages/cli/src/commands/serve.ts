import { once } from 'node:events';
import { serveRepository } from '@sysext/core';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

export interface ServeCommandOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
}

/** `sysext serve`: serves a repository until it is interrupted. */
export async function serveCommand({ host, port, ...options }: ServeCommandOptions, directory: string): Promise<void> {
  await session(options, async ({ signal }) => {
    await using server = await serveRepository({ directory, host, port });
    process.stderr.write(`serving ${directory} at ${server.url} until Ctrl-C\n`);
    if (!signal.aborted) await once(signal, 'abort');
  });
}
