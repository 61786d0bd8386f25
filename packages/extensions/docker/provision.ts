import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** What may be known of a host with Docker. */
export const DockerParameters = z.strictObject({
  /** `/etc/docker/daemon.json`; no file when absent. */
  daemon: z.record(z.string(), z.json()).optional(),
  /** Start Docker at boot, which containers with a restart policy need; the first client starts it otherwise. */
  atBoot: z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).default(false),
});
export type DockerParameters = z.output<typeof DockerParameters>;

/** Settings of the engine, and whether it waits for its first client. */
export function provision({ daemon, atBoot }: DockerParameters): Provision {
  return {
    files:
      daemon === undefined
        ? []
        : [{ path: '/etc/docker/daemon.json', text: `${JSON.stringify(daemon, undefined, 2)}\n` }],
    start: atBoot ? ['docker.service'] : [],
  };
}
