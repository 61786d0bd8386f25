import type { Provision } from '@sysext/core';
import * as z from 'zod';

/** A value that EnvironmentFile= of systemd takes as it is written: no quotes, escapes, spaces or line ends. */
const Value = z.string().regex(/^[!#&(-[\]-_a-~]*$/, 'printable ASCII without spaces, quotes, "\\", "%", "$" and "`"');

/** What has to be known of a server, or of a workspace proxy. */
export const CoderParameters = z.strictObject({
  /** `server`, or `proxy` for a workspace proxy of another server. */
  role: z.enum(['server', 'proxy']).default('server'),
  /** Variables of the server: `CODER_ACCESS_URL`, `CODER_PG_CONNECTION_URL` and what else `coder server --help` names. */
  environment: z.record(z.string().regex(/^CODER_[A-Z0-9_]+$/, 'a variable of Coder: CODER_…'), Value),
});

/** The variables, for root alone. */
export function provision({ role, environment }: z.output<typeof CoderParameters>): Provision {
  const unit = role === 'server' ? 'coder' : 'coder-workspace-proxy';
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  return {
    directories: [{ path: '/etc/coder.d', mode: 0o755 }],
    files: [{ path: `/etc/coder.d/${unit}.env`, mode: 0o600, text: lines.join('') }],
  };
}
