import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Builds runc, statically linked, from the modules that `runc/go.mod` pins, into `directory`. A part of it is C, so
 * that no recipe has it from source: this takes the machine's own compiler and libseccomp.
 *
 * @returns path of the program.
 */
export async function buildRunc(directory: string): Promise<string> {
  const program = join(directory, 'runc');
  const flags = ['-trimpath', '-buildvcs=false', '-tags=seccomp,netgo,osusergo'];
  const ldflags = '-ldflags=-s -w -linkmode=external -extldflags=-static';
  await execa('go', ['build', ...flags, ldflags, '-o', program, 'github.com/opencontainers/runc'], {
    cwd: join(import.meta.dirname, '..', 'runc'),
    env: { CGO_ENABLED: '1', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
  });
  return program;
}
