import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** Whose containerd is to offer GPUs. */
export const NvidiaRuntimeParameters = z.strictObject({
  /** Flatcar's own, which the image tells of it by a drop-in, or that of the extension `containerd` or `docker`. */
  containerd: z.enum(['flatcar', 'extension']).default('flatcar'),
});
export type NvidiaRuntimeParameters = z.output<typeof NvidiaRuntimeParameters>;

/** The settings of an extension's containerd. */
export function provision({ containerd }: NvidiaRuntimeParameters): Provision {
  const link = { path: '/etc/containerd/config.toml', target: '/usr/share/nvidia-runtime/containerd.toml' };
  return { links: containerd === 'extension' ? [link] : [] };
}
