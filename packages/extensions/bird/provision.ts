import type { Provision } from '@sysext/core';
import type { BirdParameters } from './parameters.ts';

/** The configuration; for root and the daemon's group, as it may hold a password. */
export function provision({ config }: BirdParameters): Provision {
  const text = config.endsWith('\n') ? config : `${config}\n`;
  return { files: [{ path: '/etc/bird/bird.conf', text, mode: 0o640, gid: 866 }] };
}
