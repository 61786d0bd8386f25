import type { Options } from 'execa';
import { constants } from 'node:os';
import { join } from 'node:path';
import { tool } from './tool.ts';

/** What a command on a host did. */
export interface CommandResult {
  /** Standard output as UTF-8, without the last newline. */
  readonly stdout: string;
  /** Standard error, likewise. */
  readonly stderr: string;
  /** Exit status; 128 plus its number when a signal ended the command, as in a shell. */
  readonly exitCode: number;
}

export interface CommandOptions {
  /** Variables on top of a login's. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on standard input; nothing unless given. */
  readonly stdin?: string | Uint8Array;
}

/** A command on a host that failed, or did not end in time. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly command: readonly string[];
  readonly result: CommandResult;

  constructor(host: string, what: string, command: readonly string[], result: CommandResult) {
    const output = [
      ['standard output', result.stdout],
      ['standard error', result.stderr],
    ].map(([name, text]) => (text === '' ? `(no ${name})` : `${name}:\n${text}`));
    super([`on ${host}: ${command.join(' ')}\n${what}`, ...output].join('\n'));
    this.command = command;
    this.result = result;
  }
}

/** Where commands of a running host are started. */
export interface Entry {
  /** Process id, out here, of the host's PID 1. */
  readonly leader: number;
  /** Control group, out here, for the command. */
  readonly cgroup: string;
}

/** What root gets at a login: flatcar/baselayout, baselayout/profile. */
const loginEnvironment = {
  PATH: '/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  SHELL: '/bin/bash',
  LANG: 'C.UTF-8',
};

const options = {
  reject: false,
  cwd: '/',
  // The command is a child of nsenter, which would die alone.
  killDescendants: true,
  forceKillAfterDelay: 1000,
  maxBuffer: 64 * 1024 * 1024,
} as const satisfies Options;

/**
 * Starts `command` as root in all namespaces and in a control group of the host, in `/root`,
 * without a shell and with nothing of this process's environment. Ends with the host.
 */
export function startCommand(
  entry: Entry,
  command: readonly string[],
  { env, stdin }: CommandOptions,
  timeout?: number,
) {
  const enter = [
    join(import.meta.dirname, 'enter.sh'),
    entry.cgroup,
    'nsenter',
    '--target',
    `${entry.leader}`,
    '--all',
    '--',
  ];
  const variables = Object.entries({ ...loginEnvironment, ...env }).map(([name, value]) => `${name}=${value}`);
  return tool(
    '/bin/sh',
    [...enter, '/usr/bin/env', '--ignore-environment', '--chdir=/root', ...variables, ...command],
    {
      ...options,
      ...(stdin === undefined ? { stdin: 'ignore' as const } : { input: stdin }),
      ...(timeout === undefined ? {} : { timeout }),
    },
  );
}

/** A command that {@link startCommand} started. */
export type StartedCommand = ReturnType<typeof startCommand>;

/** What the end of a started command says. Does not reject. */
export async function commandResult(started: StartedCommand): Promise<CommandResult & { readonly timedOut: boolean }> {
  const { stdout, stderr, exitCode, signal, timedOut } = await started;
  return {
    stdout,
    stderr,
    exitCode: exitCode ?? 128 + (signal === undefined ? 0 : constants.signals[signal]),
    timedOut,
  };
}
