import { CommandError, type CommandOptions, type CommandResult } from './command.ts';
import type { Disk } from './disk.ts';
import { type End, Machine } from './machine.ts';
import type { Network } from './network.ts';
import { HostProcess } from './process.ts';
import { findings, journal, unitReport } from './report.ts';
import type { Rootfs } from './rootfs.ts';
import { until } from './wait.ts';

/** State in which a boot is expected to end: `degraded` when units failed. */
export type BootState = 'running' | 'degraded';

export interface RunOptions extends CommandOptions {
  /** Milliseconds after which the command is killed; 30 s unless given. */
  readonly timeout?: number;
  /** With false, a command that fails is no error; look at `exitCode`. */
  readonly check?: boolean;
}

export interface FileOptions {
  /** Permission bits; 0644 unless given. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface TimeLimit {
  /** Milliseconds; 30 s unless given. */
  readonly timeout?: number;
}

/** What hosts are made of; `bootHost` puts it together. */
export interface HostParts {
  readonly name: string;
  readonly disk: Disk;
  readonly rootfs: Rootfs;
  readonly network: Network | undefined;
  readonly expect: BootState;
}

const bootTimeout = 60_000;

/** Standard input is a socket, which `install /dev/stdin` cannot open. */
const writeScript =
  'set -e; mkdir -p -- "$(dirname -- "$1")"; (umask 077; cat >"$1"); chown -- "$3" "$1"; chmod -- "$2" "$1"';

/**
 * A host: systemd as PID 1, in namespaces of its own. Made by `bootHost`; gone with all it
 * had, its disk too, when it is disposed.
 */
export class Host implements AsyncDisposable {
  readonly name: string;
  readonly #parts: HostParts;
  #machine: Machine | undefined;
  /** The boot that is under way or was the last. */
  #boot: Promise<void> = Promise.resolve();
  #reboots: PromiseWithResolvers<void>[] = [];
  #disposed = false;

  /** Tests boot hosts with `bootHost`. */
  constructor(parts: HostParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** Its address on its network; `127.0.0.1` on a host without one. */
  get address(): string {
    return this.#parts.network?.address(this.name) ?? '127.0.0.1';
  }

  /** Whether it is on, be it booting, running or shutting down. */
  get poweredOn(): boolean {
    return this.#machine !== undefined;
  }

  /**
   * Turns it on, with the disk it had, and waits until systemd has finished booting.
   *
   * @throws Error when it does not get to the state expected (see `bootHost`), with the units
   * that failed and what they logged. It then stays on, for a look at it.
   */
  async boot(): Promise<void> {
    if (this.#disposed) throw new Error(`${this.name} is no more`);
    if (this.#machine !== undefined) throw new Error(`${this.name} is on already`);
    await this.#start();
  }

  async #start(): Promise<void> {
    const { network, disk, rootfs, name, expect } = this.#parts;
    const boot = (async () => {
      const machine = await Machine.powerOn({
        name,
        disk: disk.root,
        usr: rootfs.usr,
        plug: async (pid) => network?.plug(name, pid),
        unplug: async () => network?.unplug(name),
      });
      this.#machine = machine;
      machine.ended.then(
        (end) => this.#ended(end),
        () => this.#ended('killed'),
      );
      const state = await machine.booted(bootTimeout);
      if (state === expect) return;
      const what =
        state === undefined
          ? `did not finish booting in ${bootTimeout} ms`
          : `booted to the state "${state}" instead of "${expect}"`;
      throw new Error(`${name} ${what}\n${await findings(machine)}`);
    })();
    this.#boot = boot;
    await boot;
  }

  #ended(end: End): void {
    this.#machine = undefined;
    const waiting = this.#reboots;
    this.#reboots = [];
    if (end === 'reboot' && !this.#disposed) {
      this.#start().then(
        () => waiting.forEach((each) => each.resolve()),
        (error: unknown) => waiting.forEach((each) => each.reject(error)),
      );
    } else waiting.forEach((each) => each.reject(new Error(`${this.name} did not reboot: ${end}`)));
  }

  /**
   * Resolves when the host, which something else makes reboot, is up again. To be called
   * before whatever makes it reboot.
   */
  async waitForReboot({ timeout = bootTimeout }: TimeLimit = {}): Promise<void> {
    const reboot = Promise.withResolvers<void>();
    this.#reboots.push(reboot);
    const timer = setTimeout(() => {
      reboot.reject(new Error(`${this.name} did not reboot in ${timeout} ms\n${this.#machine?.console() ?? ''}`));
    }, timeout);
    await reboot.promise.finally(() => clearTimeout(timer));
  }

  /** Reboots cleanly: systemd stops every unit, then the same disk boots again. */
  async reboot(): Promise<void> {
    await this.#up();
    const rebooted = this.waitForReboot();
    await Promise.all([rebooted, this.run(['systemctl', 'reboot'], { check: false })]);
  }

  /** Turns it off cleanly: resolves when systemd has stopped every unit and the power is off. */
  async shutdown({ timeout = 30_000 }: TimeLimit = {}): Promise<void> {
    const machine = await this.#up();
    await this.run(['systemctl', 'poweroff'], { check: false, timeout });
    const off = Promise.withResolvers<End>();
    const timer = setTimeout(
      () => off.reject(new Error(`${this.name} did not power off in ${timeout} ms\n${machine.console()}`)),
      timeout,
    );
    machine.ended.then(off.resolve, off.reject);
    await off.promise.finally(() => clearTimeout(timer));
  }

  /**
   * Power loss: every process is killed at once and nothing gets to clean up. What was written
   * is on the disk, synced or not: the machine outside does not crash.
   */
  async crash(): Promise<void> {
    await (await this.#up()).kill();
  }

  /** The running machine, after the boot that may be under way. */
  async #up(): Promise<Machine> {
    const failure: unknown = await this.#boot.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (this.#machine === undefined) throw new Error(`${this.name} is off`, { cause: failure });
    return this.#machine;
  }

  /**
   * Runs a command as root, with a login's environment and no shell, and waits for its end.
   * While the host boots, it waits for that first.
   *
   * @throws CommandError when it fails (unless `check` is false), or when it is killed for
   * taking too long; with the command, its exit status and all its output.
   */
  async run(
    command: readonly string[],
    { timeout = 30_000, check = true, ...options }: RunOptions = {},
  ): Promise<CommandResult> {
    const machine = await this.#up();
    const { timedOut, ...result } = await machine.run(command, options, timeout);
    if (timedOut) throw new CommandError(this.name, `did not end in ${timeout} ms and was killed`, command, result);
    if (check && result.exitCode !== 0) {
      const down = this.#machine === machine ? '' : '; the host went down meanwhile';
      throw new CommandError(this.name, `exit status ${result.exitCode}${down}`, command, result);
    }
    return result;
  }

  /**
   * Starts a command whose output is of interest while it runs, and does not wait for it to have
   * begun. Otherwise as {@link run}.
   */
  async spawn(command: readonly string[], options: CommandOptions = {}): Promise<HostProcess> {
    return new HostProcess(this.name, command, (await this.#up()).start(command, options));
  }

  /**
   * Runs a command again and again until it succeeds (and `accept` returns true for what it
   * did, if given), and returns what it did then. For what the host does in its own time and
   * nothing announces; so it polls, every 50 ms.
   *
   * @throws CommandError with the last try when the time is up.
   */
  async waitUntil(
    command: readonly string[],
    {
      timeout = 30_000,
      accept = () => true,
    }: TimeLimit & { readonly accept?: (result: CommandResult) => boolean } = {},
  ): Promise<CommandResult> {
    let last: CommandResult = { stdout: '', stderr: '', exitCode: 0 };
    const found = await until({ timeout, interval: 50 }, async () => {
      last = await this.run(command, { check: false });
      return last.exitCode === 0 && accept(last) ? last : undefined;
    });
    if (found === undefined)
      throw new CommandError(
        this.name,
        `not as expected after ${timeout} ms; exit status ${last.exitCode}`,
        command,
        last,
      );
    return found;
  }

  /**
   * Waits until a unit is in a state (`ActiveState` of systemctl(1)), and without it does
   * nothing to the unit: no `systemctl start`. systemd tells its clients about changes over
   * D-Bus only, so this polls, every 50 ms.
   *
   * @throws Error with the unit's status and log when the time is up.
   */
  async waitForUnit(
    unit: string,
    state: 'active' | 'inactive' | 'failed' = 'active',
    { timeout = 30_000 }: TimeLimit = {},
  ): Promise<void> {
    const show = ['systemctl', 'show', '--property=ActiveState', '--value', '--', unit];
    const found = await until({ timeout, interval: 50 }, async () => {
      const { stdout } = await this.run(show, { check: false });
      return stdout === state ? true : undefined;
    });
    if (found === undefined)
      throw new Error(
        `on ${this.name}: ${unit} is not ${state} after ${timeout} ms\n${await unitReport(await this.#up(), unit)}`,
      );
  }

  /** Writes a file, with the directories it needs, on the running host. */
  async write(
    path: string,
    content: string | Uint8Array,
    { mode = 0o644, uid = 0, gid = 0 }: FileOptions = {},
  ): Promise<void> {
    await this.run(['sh', '-c', writeScript, 'sh', path, mode.toString(8), `${uid}:${gid}`], { stdin: content });
  }

  /** The text of a file on the running host, byte for byte as UTF-8. */
  async read(path: string): Promise<string> {
    // A word after the text, since a command's last newline is cut off.
    const { stdout } = await this.run(['sh', '-c', 'cat -- "$1" && echo .', 'sh', path]);
    return stdout.slice(0, -1);
  }

  /** The log of this boot, or of one unit in it: all that was logged so far. */
  async journal(unit?: string): Promise<string> {
    await this.run(['journalctl', '--sync']);
    return journal(await this.#up(), unit);
  }

  /** Ends the host without further ado and removes all it had. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#machine?.kill();
    // A boot that was just being started, by itself after a reboot.
    await this.#boot.catch(() => undefined);
    await this.#machine?.kill();
    this.#parts.network?.leave(this.name);
    await this.#parts.disk[Symbol.asyncDispose]();
  }
}
