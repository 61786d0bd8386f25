#!/usr/bin/env node
/**
 * The `turbo` of this workspace: turbo itself, told which tools the images are made with.
 *
 * Turborepo hashes files and variables, not the programs on PATH; with another mksquashfs it
 * would hand out an image that this mksquashfs does not make. So the tools' versions go into a
 * variable that turbo.json lists under `globalEnv`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tools = [
  ['mksquashfs', '-version'],
  // mkfs.erofs 1.5 does not tell its version; fsck.erofs comes with it.
  ['fsck.erofs', '-V'],
] as const;

const versions = tools.map(([name, flag]) => {
  const { stdout, stderr } = spawnSync(name, [flag], { encoding: 'utf8' });
  return `${name}: ${/\d+(?:\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'absent'}`;
});

const turbo = join(createRequire(import.meta.url).resolve('turbo/package.json'), '..', 'bin', 'turbo');
const child = spawn(process.execPath, [turbo, '--skip-infer', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SYSEXT_TOOLS: versions.join(', ') },
});
// A terminal sends Ctrl-C to turbo as well; this process only waits for it to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
});
