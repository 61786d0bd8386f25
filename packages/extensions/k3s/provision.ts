import { type Provision, Settings, renderSettings } from '@sysext/core';
import * as z from 'zod';

/** What has to be known of a node. */
export const K3sParameters = z.strictObject({
  /** A server runs the control plane, and workloads too. */
  role: z.enum(['server', 'agent']).default('server'),
  /** Flags of `k3s server` or `k3s agent`. A token in it is in the document for everyone who reads that. */
  config: Settings.default({}),
});
export type K3sParameters = z.output<typeof K3sParameters>;

/** The settings of a node, and the unit of its role. */
export function provision({ role, config }: K3sParameters): Provision {
  return {
    files: [{ path: '/etc/rancher/k3s/config.yaml', mode: 0o600, text: renderSettings(config) }],
    start: [role === 'server' ? 'k3s.service' : 'k3s-agent.service'],
  };
}
