import type { Host, HostProcess } from '@sysext/test-host';

const keys = '/run/terminal.keys';
const screen = '/run/terminal.screen';
// The shell holds the pipe open both ways, so that the terminal's input does not end.
const start = `mkfifo ${keys} && exec script --quiet --return --flush --command "$1" ${screen} <>${keys}`;

/** A command on a terminal of 80 columns and 24 lines; one at a time on a host. */
export class Terminal implements AsyncDisposable {
  readonly #host: Host;
  readonly #process: HostProcess;

  private constructor(host: Host, process: HostProcess) {
    this.#host = host;
    this.#process = process;
  }

  /** Starts a command, given as to a shell. */
  static async start(host: Host, command: string): Promise<Terminal> {
    const sized = `stty columns 80 rows 24 && exec ${command}`;
    return new Terminal(host, await host.spawn(['sh', '-c', start, 'sh', sized], { env: { TERM: 'xterm' } }));
  }

  /** Waits until the command has written a text, and resolves with all that it wrote. */
  async shows(text: string): Promise<string> {
    await this.#host.waitUntil(['grep', '--quiet', '--text', '--fixed-strings', text, screen]);
    return await this.#host.read(screen);
  }

  /** Types. */
  async types(text: string): Promise<void> {
    await this.#host.run(['sh', '-c', `cat >${keys}`], { stdin: text });
  }

  /** Resolves with the exit status of the command. */
  async ended(): Promise<number> {
    return (await this.#process.exited).exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
