import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { stream } from '../exec.ts';

/** How long it takes until a person is told what is being waited for, in milliseconds. */
const patience = 1000;

/**
 * Does something while no other process that asks for the same lock does. The lock is the kernel's: it ends with the
 * process that holds it, however that ends.
 *
 * It is held by `flock`, whose child echoes what it reads from us: the echo says that the lock is ours, and the end of
 * the pipe, which comes with our own end, lets it go.
 *
 * @param path a file that stays; its directory has to be there.
 * @param work gets a context that is aborted when the lock is lost because somebody ended `flock`.
 * @throws SysextError `TOOL_MISSING`, `TOOL_FAILED`; the signal's reason while waiting.
 */
export async function withLock<T>(context: Context, path: string, work: (context: Context) => Promise<T>): Promise<T> {
  let released = false;
  const input = new PassThrough();
  const held = stream('flock', ['--exclusive', path, 'cat'], { ...context, input });
  try {
    const answered = new AbortController();
    const waiting = delay(patience, undefined, { signal: answered.signal, ref: false }).then(
      () => context.onEvent({ type: 'warning', message: `another process works on ${path}; waiting for it` }),
      () => undefined,
    );
    input.write('\n');
    // An end without an answer has its reason in `finished`.
    await Promise.race([once(held.stdout, 'data'), once(held.stdout, 'end').then(() => held.finished)]);
    answered.abort();
    await waiting;
    context.signal.throwIfAborted();
    const lost = new AbortController();
    const end = (): void => {
      if (!released) lost.abort(new SysextError('IO', `the lock ${path} was lost: its flock was ended`));
    };
    held.finished.then(end, end);
    return await work({ ...context, signal: AbortSignal.any([context.signal, lost.signal]) });
  } finally {
    released = true;
    input.end();
    held.stdout.resume();
    await held.finished.catch(() => undefined);
  }
}
