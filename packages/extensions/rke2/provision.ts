import { type Provision, Settings, renderSettings } from '@sysext/core';
import * as z from 'zod';

/** What has to be known of a node. */
export const Rke2Parameters = z.strictObject({
  /** A server runs the control plane, and workloads too. */
  role: z.enum(['server', 'agent']).default('server'),
  /** Flags of `rke2 server` or `rke2 agent`. A token in it is in the document for everyone who reads that. */
  config: Settings.default({}),
});
export type Rke2Parameters = z.output<typeof Rke2Parameters>;

/** The settings of a node, and the unit of its role. */
export function provision({ role, config }: Rke2Parameters): Provision {
  return {
    files: [{ path: '/etc/rancher/rke2/config.yaml', mode: 0o600, text: renderSettings(config) }],
    start: [`rke2-${role}.service`],
  };
}
