import { CommandError, type CommandResult, type StartedCommand, commandResult } from './command.ts';

/** A command that runs on a host while the test goes on. Ends with the host at the latest. */
export class HostProcess implements AsyncDisposable {
  /** Its end; never rejects. A command that was stopped has the exit status of the signal, 143. */
  readonly exited: Promise<CommandResult>;
  readonly #host: string;
  readonly #command: readonly string[];
  readonly #started: StartedCommand;
  readonly #lines: string[] = [];
  #ended = false;
  #news = Promise.withResolvers<void>();

  /** Hosts make these: see `Host.spawn`. */
  constructor(host: string, command: readonly string[], started: StartedCommand) {
    this.#host = host;
    this.#command = command;
    this.#started = started;
    this.exited = commandResult(started);
    void this.#collect();
  }

  async #collect(): Promise<void> {
    try {
      for await (const line of this.#started.iterable()) {
        this.#lines.push(line);
        this.#tell();
      }
    } catch {
      // The command's failure, which `exited` reports.
    }
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Lines of standard output as they come, from the first one on, however late this is called. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let next = 0; ;) {
      const line = this.#lines[next];
      if (line !== undefined) {
        next++;
        yield line;
      } else if (this.#ended) return;
      else await this.#news.promise;
    }
  }

  /**
   * The first line of standard output that `pattern` matches, whether written before this call
   * or after it.
   *
   * @throws CommandError when the command ends, or the time (10 s unless given) is up, without one.
   */
  async line(pattern: RegExp, { timeout = 10_000 }: { readonly timeout?: number } = {}): Promise<string> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#tell();
    }, timeout);
    try {
      for (let next = 0; ;) {
        const line = this.#lines[next];
        if (line !== undefined) {
          next++;
          if (pattern.test(line)) return line;
        } else if (this.#ended || late) {
          const how = late ? `wrote no line like ${pattern} in ${timeout} ms` : `ended without a line like ${pattern}`;
          const exitCode = late ? 0 : (await this.exited).exitCode;
          throw new CommandError(this.#host, how, this.#command, {
            stdout: this.#lines.join('\n'),
            stderr: '',
            exitCode,
          });
        } else await this.#news.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends it SIGTERM, and SIGKILL a second later if it is still there; resolves with its end. */
  async stop(): Promise<CommandResult> {
    this.#started.kill();
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
