import { defineButane, defineExtension } from '@sysext/core';
import { OpksshParameters, provision } from './provision.ts';

const release = 'https://github.com/openpubkey/opkssh/releases/download/{version}';

const opkssh = defineExtension(import.meta.dirname, {
  name: 'opkssh',
  summary: "Logins to sshd by OpenID Connect instead of users' own keys",
  homepage: 'https://github.com/openpubkey/opkssh',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'openpubkey/opkssh', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/opkssh-linux-{arch}`,
      format: 'raw',
      take: { to: '/usr/local/bin/opkssh', mode: '0755' },
      verify: { sums: `${release}/checksums.txt` },
    },
    {
      kind: 'goModules',
      commands: { 'github.com/openpubkey/opkssh': '/usr/local/bin/opkssh' },
      ldflags: ['-X=main.Version={bare}'],
    },
  ],
});

export default opkssh;

/** Deploys it with the providers it trusts and who may log in as whom, and tells sshd to ask it. */
export const butane = defineButane(opkssh, {
  parameters: OpksshParameters,
  example: {
    providers: [{ issuer: 'https://accounts.example.com', clientId: 'opkssh', expiration: '24h' }],
    logins: [{ user: 'core', identity: 'alice@example.com', issuer: 'https://accounts.example.com' }],
  },
  provision,
});
