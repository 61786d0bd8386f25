import type { Provision } from '@sysext/core';
import type { NebulaParameters } from './parameters.ts';

/** The configuration of a node, and its certificates; for root alone. */
export function provision({ config, ca, cert, key }: NebulaParameters): Provision {
  const texts = { 'config.yaml': config, 'ca.crt': ca, 'host.crt': cert, 'host.key': key };
  return {
    directories: [{ path: '/etc/nebula', mode: 0o700 }],
    files: Object.entries(texts).flatMap(([name, text]) =>
      text === undefined
        ? []
        : [{ path: `/etc/nebula/${name}`, text: text.endsWith('\n') ? text : `${text}\n`, mode: 0o600 }],
    ),
  };
}
