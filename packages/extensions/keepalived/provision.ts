import type { Provision } from '@sysext/core';
import type { KeepalivedParameters } from './parameters.ts';

/** The configuration; for root alone, as it may hold a password. */
export function provision({ config }: KeepalivedParameters): Provision {
  const text = config.endsWith('\n') ? config : `${config}\n`;
  return { files: [{ path: '/etc/keepalived/keepalived.conf', text, mode: 0o600 }] };
}
