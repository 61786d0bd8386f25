import { once } from 'node:events';
import { tool } from './tool.ts';

/** Holds something on the machine until it is released, or until this process is gone. */
export interface Keeper extends AsyncDisposable {
  /** Process id of the command that holds it. */
  readonly pid: number;
}

/**
 * Starts `command`, which must end in running `cat` once it holds what it is meant to hold
 * (`flock FILE cat`, `unshare --net cat`), and resolves then: `cat` answers what it is sent.
 *
 * The end of the pipe ends `cat`, so whatever is held is released even when this process is
 * killed.
 */
export async function keep(command: readonly [string, ...string[]]): Promise<Keeper> {
  const [file, ...args] = command;
  const subprocess = tool(file, args, { stdin: 'pipe', buffer: { stdout: false }, reject: false });
  subprocess.stdin.write('?');
  const answered = once(subprocess.stdout, 'data').then(() => true);
  const ended = subprocess.then(() => false);
  const { pid } = subprocess;
  if (pid === undefined || !(await Promise.race([answered, ended]))) {
    const { shortMessage, stderr } = await subprocess;
    throw new Error(`${shortMessage ?? command.join(' ')}\n${stderr ?? ''}`);
  }
  return {
    pid,
    async [Symbol.asyncDispose]() {
      subprocess.stdin.end();
      await subprocess;
    },
  };
}
