import { defineButane, defineExtension } from '@sysext/core';
import { CoderParameters, provision } from './provision.ts';

const release = 'https://github.com/coder/coder/releases/download/{version}';

const coder = defineExtension(import.meta.dirname, {
  name: 'coder',
  summary: 'Server for developer workspaces, and its workspace proxy',
  homepage: 'https://coder.com/',
  licence: 'AGPL-3.0-only AND LicenseRef-Coder-Enterprise',
  versions: { from: 'github-releases', repo: 'coder/coder', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/coder_{bare}_linux_{arch}.tar.gz`,
      // Beside it lies the licence, in some releases with a directory around both.
      take: { '**/coder': '/usr/bin/' },
      verify: { sums: `${release}/coder_{bare}_checksums.txt` },
    },
  ],
  services: {
    'coder.service': { start: 'when-configured', configuration: '/etc/coder.d/coder.env' },
    'coder-workspace-proxy.service': {
      start: 'when-configured',
      configuration: '/etc/coder.d/coder-workspace-proxy.env',
    },
  },
});

export default coder;

/** Deploys a server, or a workspace proxy, by the variables that it reads. */
export const butane = defineButane(coder, {
  parameters: CoderParameters,
  example: {
    environment: {
      CODER_ACCESS_URL: 'https://coder.example.com',
      CODER_HTTP_ADDRESS: '127.0.0.1:3000',
      CODER_PG_CONNECTION_URL: 'postgres://coder:secret@db.example.com/coder?sslmode=require',
    },
  },
  provision,
});
