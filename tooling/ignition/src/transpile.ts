import { runProgram } from './programs.ts';

/**
 * The Ignition configuration that Butane makes of a document.
 *
 * @throws Error with what Butane objects to; in strict mode warnings are errors.
 */
export async function transpile(butane: string): Promise<string> {
  return await runProgram('butane', { args: ['--strict'], input: butane });
}

/**
 * Has Ignition's own validator look at a configuration.
 *
 * @throws Error with what it objects to.
 */
export async function validate(ignition: string): Promise<void> {
  await runProgram('ignition-validate', { args: ['-'], input: ignition });
}
