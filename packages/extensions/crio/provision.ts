import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** What may be known of a host with CRI-O. */
export const CrioParameters = z.strictObject({
  /** Connect pods by a bridge of this host alone; for hosts without a network of a cluster. */
  bridge: z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).default(false),
});
export type CrioParameters = z.output<typeof CrioParameters>;

/** The network of a host by itself. */
export function provision({ bridge }: CrioParameters): Provision {
  const name = '10-crio-bridge.conflist';
  return { links: bridge ? [{ path: `/etc/cni/net.d/${name}`, target: `/usr/share/crio/${name}` }] : [] };
}
