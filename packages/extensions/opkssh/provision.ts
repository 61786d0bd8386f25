import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** A word of a line whose words spaces divide. */
const Word = z.string().regex(/^[!-"$-~]+$/, 'printable ASCII without spaces and "#"');
const Issuer = z.string().regex(/^https:\/\/[!-"$-~]+$/, 'an https URL');

/** Whom to trust, and who may log in as whom. */
export const OpksshParameters = z.strictObject({
  /** Providers of OpenID Connect: what is known of a login there, and for how long it counts. */
  providers: z
    .array(
      z.strictObject({
        issuer: Issuer,
        clientId: Word,
        expiration: z.enum(['12h', '24h', '48h', '1week', 'oidc', 'oidc-refreshed']).default('24h'),
      }),
    )
    .min(1),
  /** Users of the host, and the identities (an e-mail address, a subject, or a claim) that may log in as them. */
  logins: z.array(z.strictObject({ user: Word, identity: Word, issuer: Issuer })).default([]),
});

/** Id of the group `opksshuser`, as the extension's `sysusers.d` has it. */
const gid = 854;

/** The files that opkssh reads, readable by its user alone, and the settings of sshd. */
export function provision({ providers, logins }: z.output<typeof OpksshParameters>): Provision {
  const lines = (rows: readonly (readonly string[])[]): string => rows.map((row) => `${row.join(' ')}\n`).join('');
  return {
    directories: [{ path: '/etc/opk', mode: 0o750, gid }],
    files: [
      {
        path: '/etc/opk/providers',
        mode: 0o640,
        gid,
        text: lines(providers.map(({ issuer, clientId, expiration }) => [issuer, clientId, expiration])),
      },
      {
        path: '/etc/opk/auth_id',
        mode: 0o640,
        gid,
        text: lines(logins.map(({ user, identity, issuer }) => [user, identity, issuer])),
      },
      {
        path: '/etc/ssh/sshd_config.d/60-opkssh.conf',
        mode: 0o600,
        text: 'AuthorizedKeysCommand /usr/local/bin/opkssh verify %u %k %t\nAuthorizedKeysCommandUser opksshuser\n',
      },
    ],
  };
}
