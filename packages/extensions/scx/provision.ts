import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** Which scheduler a host gets. */
export const ScxParameters = z.strictObject({
  /** One of `/usr/bin/scx_*`; `scx_bpfland` when absent. */
  scheduler: z
    .string()
    .regex(/^scx_[a-z0-9_]+$/, 'the name of a scheduler, such as scx_lavd')
    .optional(),
  /** Its flags, separated by spaces. */
  flags: z
    .string()
    .regex(/^[\w=.,:/-]+( [\w=.,:/-]+)*$/, 'words of letters, digits and "=.,:/-"')
    .optional(),
});
export type ScxParameters = z.output<typeof ScxParameters>;

/** What of the defaults is to be different, and the start at boot. */
export function provision({ scheduler, flags }: ScxParameters): Provision {
  const settings = { SCX_SCHEDULER: scheduler, SCX_FLAGS: flags };
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}\n`],
  );
  return {
    files: lines.length === 0 ? [] : [{ path: '/etc/default/scx', text: lines.join('') }],
    start: ['scx.service'],
  };
}
