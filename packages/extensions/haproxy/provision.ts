import type { Provision } from '@sysext/core';
import type { HaproxyParameters } from './parameters.ts';

/** The configuration; for root alone, as it may hold a password. */
export function provision({ config }: HaproxyParameters): Provision {
  const text = config.endsWith('\n') ? config : `${config}\n`;
  return { files: [{ path: '/etc/haproxy/haproxy.cfg', text, mode: 0o600 }] };
}
