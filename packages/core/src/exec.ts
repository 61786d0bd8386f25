import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SysextError } from './errors.ts';

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Environment of the caller; only what tools need of it is handed on. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables set on top. */
  readonly set?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Bytes for standard input. */
  readonly input?: Readable;
  /** Called with each line the program writes to standard error. */
  readonly onErrorLine?: (line: string) => void;
}

/** Debian packages that bring the programs this library runs. */
const packages: Readonly<Record<string, string>> = {
  mksquashfs: 'squashfs-tools',
  sqfs2tar: 'squashfs-tools-ng',
  'mkfs.erofs': 'erofs-utils',
  'fsck.erofs': 'erofs-utils',
  xz: 'xz-utils',
  go: 'golang-go',
  flock: 'util-linux',
};

const handedOn = /^(PATH|HOME|TMPDIR|XDG_CACHE_HOME|USER|LOGNAME|SSL_CERT_.*|https?_proxy|no_proxy|all_proxy)$/i;

/**
 * What a program gets as its environment: enough to find itself, its caches and the network.
 * Locale and time zone are fixed, so that no output and no image depends on them; secrets in
 * the caller's environment stay there.
 */
function environment({ env, set }: RunOptions): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && handedOn.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C.UTF-8', TZ: 'UTC', ...set };
}

/**
 * Starts a program with its arguments as they are: there is no shell anywhere. It gets a
 * process group of its own, which ends as a whole when the signal aborts or this process
 * exits, so that nothing the program started is left behind.
 */
function start(file: string, args: readonly string[], options: RunOptions, stdout: 'pipe' | 'stream') {
  const subprocess = execa(file, args, {
    env: environment(options),
    extendEnv: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    encoding: 'buffer',
    buffer: { stdout: stdout === 'pipe', stderr: false },
    maxBuffer: 64 * 1024 * 1024,
    stripFinalNewline: false,
    cancelSignal: options.signal,
    killDescendants: true,
    forceKillAfterDelay: 1500,
    reject: false,
  });
  const tail: string[] = [];
  const watchErrors = (async () => {
    for await (const line of createInterface({ input: subprocess.stderr })) {
      options.onErrorLine?.(line);
      tail.push(line);
      if (tail.length > 20) tail.shift();
    }
  })();
  return { subprocess, tail, watchErrors };
}

/** Turns the end of a program into nothing, or into the error it stands for. */
function checkEnd(
  file: string,
  end: {
    failed: boolean;
    isCanceled: boolean;
    exitCode?: number | undefined;
    signal?: string | undefined;
    code?: unknown;
  },
  tail: readonly string[],
  options: RunOptions,
): void {
  options.signal.throwIfAborted();
  if (!end.failed) return;
  if (end.code === 'ENOENT') throw toolMissing(file);
  const said = tail.filter((line) => line.trim() !== '').join('\n');
  if (/no space left on device/i.test(said)) {
    throw new SysextError('NO_SPACE', `${file}: no space left on the file system it writes to`, {
      hint: 'free some space, or point TMPDIR or --output at another file system',
    });
  }
  const how = end.signal === undefined ? `exit status ${end.exitCode ?? 'unknown'}` : `ended by ${end.signal}`;
  throw new SysextError('TOOL_FAILED', `${file} failed (${how})${said === '' ? '' : `:\n${said}`}`);
}

/** The error for a program that is not installed, naming the package that brings it. */
function toolMissing(file: string): SysextError {
  const packageName = packages[file];
  return new SysextError('TOOL_MISSING', `${file} is not installed, or not on PATH`, {
    hint: packageName === undefined ? undefined : `apt-get install ${packageName}`,
  });
}

/**
 * Runs a program to its end and returns what it wrote to standard output (64 MiB at most).
 *
 * @throws SysextError `TOOL_MISSING`, `TOOL_FAILED` with the last lines of standard error, or
 * `NO_SPACE`; the signal's reason when it was aborted.
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<Uint8Array> {
  const { subprocess, tail, watchErrors } = start(file, args, options, 'pipe');
  const feeding = options.input === undefined ? undefined : feed(options.input, subprocess.stdin!);
  const [end, , fed] = await Promise.all([subprocess, watchErrors, feeding]);
  // What went wrong in making the input explains more than how the program took it.
  if (fed !== undefined) throw fed;
  checkEnd(file, end, tail, options);
  return end.stdout ?? new Uint8Array();
}

/** Pipes `input` into a program; returns the error of the input itself, if it had one. */
async function feed(input: Readable, stdin: Writable): Promise<Error | undefined> {
  let broken: Error | undefined;
  let refused = false;
  // A program that ends early breaks the pipe, and the pipe's error then ends the input.
  stdin.once('error', () => (refused = true)).once('close', () => (refused = true));
  input.once('error', (error) => (broken = refused ? undefined : error));
  await pipeline(input, stdin).catch(() => undefined);
  return broken;
}

/**
 * Starts a program whose output is read as it comes. `finished` settles when the program has
 * ended; await it after the output, or an early death looks like a short answer.
 */
export function stream(
  file: string,
  args: readonly string[],
  options: RunOptions,
): { readonly stdout: Readable; readonly finished: Promise<void> } {
  const { subprocess, tail, watchErrors } = start(file, args, options, 'stream');
  const feeding = options.input === undefined ? undefined : feed(options.input, subprocess.stdin!);
  const finished = (async () => {
    const [end, , fed] = await Promise.all([subprocess, watchErrors, feeding]);
    if (fed !== undefined) throw fed;
    checkEnd(file, end, tail, options);
  })();
  // Whoever stops reading early does not await it.
  finished.catch(() => undefined);
  return { stdout: subprocess.stdout, finished };
}
