import { type Arch, archNames, architectures } from '../arch.ts';
import type { Rule } from './rule.ts';

/**
 * Looks at programs and shared libraries; object files (of eBPF, say) and firmware are for other
 * processors by design.
 */
export const elfMachine: Rule = {
  name: 'elf-machine',
  summary: 'Programs and libraries are for the architecture of the image; others end with "exec format error".',
  *check({ elves, programArch }) {
    for (const [path, { machine, bits, type }] of elves) {
      if ((type !== 'executable' && type !== 'shared') || path.startsWith('usr/lib/firmware/')) continue;
      const found = bits === 64 ? archOf(machine) : undefined;
      if (found !== undefined && (programArch === undefined || found === programArch)) continue;
      const what = found ?? `ELF machine ${machine}, ${bits} bits`;
      yield {
        severity: 'error',
        path: `/${path}`,
        message: `is for ${what}${programArch === undefined ? '' : `, the image for ${programArch}`}: a host cannot run it`,
        fix: 'take the file for the right architecture: the "arch" names of the download, or "leave" it out',
      };
    }
  },
};

function archOf(machine: number): Arch | undefined {
  return architectures.find((arch) => archNames[arch].elfMachine === machine);
}
