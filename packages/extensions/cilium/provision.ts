import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** A word that a list of arguments in systemd's EnvironmentFile= keeps as it is. */
const Argument = z
  .string()
  .regex(/^[!#&(-[\]-_a-~]+$/, 'printable ASCII without spaces, quotes, "\\", "%", "$" and "`"');

/** How Cilium is to be installed. */
export const CiliumParameters = z.strictObject({
  /** For `cilium install`; a command line divides them by spaces. */
  arguments: z.preprocess(
    (value) => (typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : value),
    z.array(Argument).default([]),
  ),
  /** Of an administrator of the cluster. */
  kubeconfig: z
    .string()
    .regex(/^(\/[\w.-]+)+$/)
    .default('/etc/kubernetes/admin.conf'),
});

/** What the unit reads, and that it runs at boot. */
export function provision(parameters: z.output<typeof CiliumParameters>): Provision {
  const text = `KUBECONFIG=${parameters.kubeconfig}\nCILIUM_INSTALL_ARGUMENTS=${parameters.arguments.join(' ')}\n`;
  return { files: [{ path: '/etc/cilium/install.env', text }], start: ['cilium.service'] };
}
