import type { Host } from './host.ts';
import type { HostProcess } from './process.ts';

const keys = '/run/terminal.keys';
const screen = '/run/terminal.screen';
// Open for reading and writing, the pipe has no end.
const start = `rm -f ${keys} ${screen} && mkfifo ${keys} && exec script --quiet --return --command "$1" /dev/null <>${keys} >${screen}`;

/** A command on a terminal (xterm) of 80 columns and 24 lines, for programs that people use; one at a time on a host. */
export class Terminal implements AsyncDisposable {
  readonly #host: Host;
  readonly #process: HostProcess;

  private constructor(host: Host, process: HostProcess) {
    this.#host = host;
    this.#process = process;
  }

  /** Starts a command as a shell does. */
  static async start(host: Host, command: string): Promise<Terminal> {
    const sized = `stty columns 80 rows 24 && exec ${command}`;
    return new Terminal(host, await host.spawn(['sh', '-c', start, 'sh', sized], { env: { TERM: 'xterm' } }));
  }

  /**
   * Waits until a text was written, and resolves with all that was, control sequences included.
   *
   * @throws CommandError when it is not there in time.
   */
  async shows(text: string): Promise<string> {
    await this.#host.waitUntil(['grep', '--quiet', '--text', '--fixed-strings', '--', text, screen]);
    return await this.#host.read(screen);
  }

  /** Types what a keyboard sends: `\r` for Enter, `\u0011` for Ctrl-Q. */
  async types(text: string): Promise<void> {
    await this.#host.run(['sh', '-c', `cat >${keys}`], { stdin: text });
  }

  /** Resolves with the exit status of the command when it ends. */
  async ended(): Promise<number> {
    return (await this.#process.exited).exitCode;
  }

  /** Stops the command. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
