import { enableCompileCache } from 'node:module';
import type { Extension } from '@sysext/core';

enableCompileCache();

// A reader such as `head` may have seen enough; what the command does is done all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** The `sysext` command. Sets the exit status of the process. */
export async function runSysext(args: readonly string[]): Promise<void> {
  const { sysextProgram, parse } = await import('./program.ts');
  await parse(sysextProgram(), args);
}

/**
 * The command of a single extension package (`sysext-etcd`): what `sysext` can do with an
 * extension, with that one already chosen. Sets the exit status of the process.
 *
 * @param module the module with the recipe, as `import('./extension.ts')` gives it.
 */
export async function runExtension(module: Promise<{ readonly default: Extension }>): Promise<void> {
  const { extensionProgram, parse } = await import('./program.ts');
  await parse(extensionProgram((await module).default), process.argv.slice(2));
}
