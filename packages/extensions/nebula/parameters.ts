import * as z from 'zod';

/** A certificate or a key, as `nebula-cert` writes it. */
const Pem = z.string().regex(/^-----BEGIN NEBULA [A-Z0-9 ]+-----\r?\n[^]*-----END NEBULA [A-Z0-9 ]+-----\s*$/, {
  error: 'text of a file that nebula-cert wrote',
});

/** What has to be known of a node of an overlay network. */
export const NebulaParameters = z.strictObject({
  /** Text of `/etc/nebula/config.yaml`. */
  config: z.string().min(1),
  /** For `/etc/nebula/ca.crt`. Like the two below, what is left out has to come to the host in another way. */
  ca: Pem.optional(),
  /** For `/etc/nebula/host.crt`. */
  cert: Pem.optional(),
  /** For `/etc/nebula/host.key`. It is in the document for everyone who reads it. */
  key: Pem.optional(),
});
export type NebulaParameters = z.output<typeof NebulaParameters>;
