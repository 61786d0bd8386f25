import { type Context, Mirrors, SysextError, createContext } from '@sysext/core';
import { createReporter } from './progress.ts';
import type { CommonOptions } from './program.ts';
import { printError } from './output.ts';

/**
 * Runs the work of a command: with a context that reports progress on standard error and ends on
 * Ctrl-C, and with every error turned into a message and an exit status.
 *
 * @param work returns the exit status, 0 when nothing.
 */
export async function session(
  options: CommonOptions,
  work: (context: Context) => Promise<number | void>,
): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait for the tidying.
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort(new SysextError('ABORTED', `interrupted by ${signal}; nothing half-made was left`));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  const reporter = await createReporter(process.stderr);
  try {
    const mirrors = [...(options.mirror ?? []), process.env['SYSEXT_MIRRORS'] ?? ''].join(' ');
    const context = createContext({
      mirrors: Mirrors.parse(mirrors),
      offline: options.offline ?? false,
      signal: interruption.signal,
      onEvent: reporter.onEvent,
    });
    process.exitCode = (await work(context)) ?? 0;
  } catch (error) {
    reporter.stop();
    process.exitCode = printError(error, options.json ?? false);
  } finally {
    reporter.stop();
    for (const signal of signals) process.removeListener(signal, interrupt);
  }
}
