import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createCgroup, removeCgroup } from './cgroup.ts';
import {
  type CommandOptions,
  type CommandResult,
  type Entry,
  type StartedCommand,
  commandResult,
  startCommand,
} from './command.ts';
import { tool } from './tool.ts';
import { until } from './wait.ts';

/** How a boot ended. */
export type End = 'poweroff' | 'reboot' | 'killed';

export interface PowerOn {
  readonly name: string;
  /** The directory that is the host's disk. */
  readonly disk: string;
  /** The directory that is its `/usr`. */
  readonly usr: string;
  /** Called before systemd starts with the id of a process in the host's network namespace. */
  readonly plug: (pid: number) => Promise<void>;
  /** Called after everything of the boot has ended. */
  readonly unplug: () => Promise<void>;
}

/** systemd-nspawn's exit status when the host asks for a reboot (EXIT_FORCE_RESTART). */
const rebootStatus = 133;

/**
 * One boot of a host, from power on to power off: namespaces, a control group and the
 * processes in them. All of it is gone once `ended` has settled, and, but for empty control
 * groups, when this process is killed.
 */
export class Machine {
  readonly #cgroup: string;
  readonly #supervisor: Supervisor;
  readonly #console: string[] = [];
  readonly #commands = new Set<StartedCommand>();
  #entry: Entry | undefined;
  #up = false;
  #over = false;
  /** Rejects when the host never came to life (no namespaces, no mount). */
  readonly ended: Promise<End>;

  private constructor(cgroup: string, options: PowerOn) {
    this.#cgroup = cgroup;
    this.#supervisor = supervise(cgroup, options);
    this.ended = this.#end(options);
    this.ended.catch(() => undefined);
  }

  /** Resolves when systemd is about to start. */
  static async powerOn(options: PowerOn): Promise<Machine> {
    const cgroup = await createCgroup(options.name);
    const machine = new Machine(cgroup, options);
    try {
      const pid = await machine.#comingUp();
      await options.plug(pid);
      machine.#supervisor.stdin.write('boot\n');
    } catch (error) {
      await machine.kill().catch(() => undefined);
      throw error;
    }
    return machine;
  }

  async #comingUp(): Promise<number> {
    const up = Promise.withResolvers<number>();
    void (async () => {
      for await (const line of this.#supervisor.iterable({ from: 'all' })) {
        if (line === 'up' && !this.#up) {
          this.#up = true;
          up.resolve(this.#supervisor.pid!);
        } else {
          this.#console.push(stripVTControlCharacters(line).trimEnd());
          if (this.#console.length > 200) this.#console.shift();
        }
      }
    })().catch(() => undefined);
    this.ended.then(() => up.reject(new Error('the host was killed while it came up')), up.reject);
    return up.promise;
  }

  async #end({ unplug }: PowerOn): Promise<End> {
    const { exitCode, shortMessage } = await this.#supervisor;
    this.#over = true;
    // Commands hold the mounts of the host as long as their nsenter is there.
    await Promise.allSettled(this.#commands);
    await unplug();
    await removeCgroup(this.#cgroup);
    if (!this.#up) throw new Error(`a host could not be started: ${shortMessage ?? ''}\n${this.console()}`);
    if (exitCode === rebootStatus) return 'reboot';
    return exitCode === 0 ? 'poweroff' : 'killed';
  }

  /** The last lines the host wrote to its console. */
  console(): string {
    return this.#console.join('\n');
  }

  /** Power loss: every process is killed at once. Resolves when nothing of the boot is left. */
  async kill(): Promise<void> {
    this.#supervisor.stdin.end();
    // Should the supervisor not get to read the end of its input.
    const fallback = setTimeout(() => this.#supervisor.kill('SIGKILL'), 5000);
    await this.ended.finally(() => clearTimeout(fallback));
  }

  /**
   * Waits until systemd has finished booting and returns the state it is in: `running`, or
   * `degraded` when units failed, or another word of `systemctl is-system-running`; undefined
   * when it does not get there in `timeout` milliseconds.
   */
  async booted(timeout: number): Promise<string | undefined> {
    const deadline = performance.now() + timeout;
    // Nothing announces that PID 1 listens; from then on `--wait` waits without polling.
    return until({ timeout, interval: 10 }, async () => {
      if (this.#over) throw new Error(`the host went down while booting\n${this.console()}`);
      const entry = await this.#findEntry();
      if (entry === undefined) return undefined;
      this.#entry = entry;
      const left = Math.max(1, Math.ceil(deadline - performance.now()));
      const { stdout } = await this.run(['systemctl', 'is-system-running', '--wait'], {}, left);
      return stdout === '' || stdout === 'offline' || stdout === 'unknown' ? undefined : stdout;
    });
  }

  async #findEntry(): Promise<Entry | undefined> {
    const cgroup = join(this.#cgroup, 'payload', 'init.scope');
    const pids = await readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of pids.trim().split('\n')) {
      try {
        // proc_pid_status(5): the ids of a process in its namespaces, the innermost last.
        if (!/^NSpid:.*\t1$/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))) continue;
        await access(`/proc/${pid}/root/run/systemd/private`);
        return { leader: Number(pid), cgroup };
      } catch {
        // Gone, or not that far yet.
      }
    }
    return undefined;
  }

  /** Starts a command; only after {@link booted}. */
  start(command: readonly string[], options: CommandOptions, timeout?: number): StartedCommand {
    if (this.#entry === undefined) throw new Error('the host has not booted');
    const started = startCommand(this.#entry, command, options, timeout);
    this.#commands.add(started);
    void started.finally(() => this.#commands.delete(started));
    return started;
  }

  /** Runs a command to its end; does not reject. */
  async run(
    command: readonly string[],
    options: CommandOptions,
    timeout: number,
  ): Promise<CommandResult & { readonly timedOut: boolean }> {
    return commandResult(this.start(command, options, timeout));
  }
}

type Supervisor = ReturnType<typeof supervise>;

function supervise(cgroup: string, { disk, usr, name }: PowerOn) {
  const namespaces = [
    '--pid',
    '--mount',
    '--net',
    '--uts',
    '--ipc',
    '--cgroup',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const file = (script: string) => join(import.meta.dirname, script);
  return tool(
    '/bin/sh',
    [file('enter.sh'), cgroup, 'unshare', ...namespaces, '/bin/sh', file('supervisor.sh'), disk, usr, name],
    {
      stdin: 'pipe',
      all: true,
      buffer: false,
      reject: false,
    },
  );
}
