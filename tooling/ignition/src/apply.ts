import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@sysext/testing';
import { runProgram } from './programs.ts';

/**
 * What Ignition does in the initrd of a machine's first boot, to a directory instead of `/sysroot`: the stage that
 * acquires the configuration, and the one that writes files, links and units. Between them would be the stages for
 * disks, of which a directory has none.
 *
 * Resources are fetched from where the configuration says they are. A unit instance (`a@b.timer`) cannot be `enabled:
 * true` here: for those, Ignition asks the initrd's systemd for its version.
 *
 * @throws Error with Ignition's log, when a stage fails; the directory then holds what was written so far.
 */
export async function applyIgnition(ignition: string, root: string): Promise<void> {
  await using work = await temporaryDirectory();
  const at = (name: string): string => join(work.path, name);
  await writeFile(at('config.ign'), ignition);
  await mkdir(at('base'));
  const env = { IGNITION_CONFIG_FILE: at('config.ign'), IGNITION_SYSTEM_CONFIG_DIR: at('base') };
  const common = [
    '--platform=file',
    `--root=${root}`,
    `--config-cache=${at('cache.json')}`,
    `--state-file=${at('state')}`,
    `--neednet=${at('neednet')}`,
    '--log-to-stdout',
  ];
  for (const stage of ['fetch', 'files']) {
    await runProgram('ignition', { args: [...common, `--stage=${stage}`], env });
  }
}
