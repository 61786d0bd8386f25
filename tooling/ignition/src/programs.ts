import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

const directory = join(import.meta.dirname, '..', 'bin');

/** Programs that `build.sh` makes of the modules that `go.mod` pins. */
export type Program = 'butane' | 'ignition' | 'ignition-validate';

/** Why the programs cannot be run here; undefined when they can. */
export function programsMissing(): string | undefined {
  return existsSync(join(directory, '.stamp'))
    ? undefined
    : 'Butane and Ignition are not built; ./setup does it with Go';
}

export interface Input {
  readonly args: readonly string[];
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs one of the programs.
 *
 * @throws Error with all it said, when it fails.
 */
export async function runProgram(program: Program, { args, input = '', env = {} }: Input): Promise<string> {
  const { failed, stdout, stderr, shortMessage } = await execa(join(directory, program), args, {
    input,
    env,
    reject: false,
  });
  if (failed) throw new Error([shortMessage, stdout, stderr].filter((text) => text !== '').join('\n'));
  return stdout;
}
