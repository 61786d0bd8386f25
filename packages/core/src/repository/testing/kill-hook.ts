import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Loaded before a program (`node --import`): ends it by SIGKILL at the step KILL_AT of what it does to files, before
 * the step or, for a write, in the middle of it. What it flushes is no step: a killed process loses nothing it wrote. Prints the number of steps when it is not reached.
 */
const killAt = Number(process.env['KILL_AT']);
let steps = 0;

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

function counted<T extends object>(target: T, name: keyof T & string, counts: (args: unknown[]) => boolean): void {
  const original = target[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(target, {
    async [name](this: unknown, ...args: unknown[]) {
      if (counts(args) && ++steps === killAt) {
        const [data] = args;
        if (name === 'writeFile' && data instanceof Uint8Array) {
          await original.call(this, data.subarray(0, data.length / 2), ...args.slice(1));
        }
        kill();
      }
      return await original.apply(this, args);
    },
  });
}

const always = (): boolean => true;
const handle = Object.getPrototypeOf(await promises.open(import.meta.filename)) as promises.FileHandle;
counted(handle, 'writeFile', always);
for (const name of ['rename', 'symlink', 'mkdir', 'rm'] as const) counted(promises, name, always);
counted(promises, 'open', ([, flags]) => flags !== 'r');
syncBuiltinESMExports();

process.on('exit', () => process.stdout.write(`steps ${steps}\n`));
