import { defineButane, defineExtension } from '@sysext/core';

const release = 'https://github.com/haproxytech/dataplaneapi/releases/download/{version}';

const dataplaneapi = defineExtension(import.meta.dirname, {
  name: 'dataplaneapi',
  summary: 'REST API that manages the HAProxy of the same host',
  homepage: 'https://www.haproxy.com/documentation/dataplaneapi/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'haproxytech/dataplaneapi', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/dataplaneapi_{bare}_linux_{arch}.tar.gz`,
      arch: { 'x86-64': 'x86_64', arm64: 'arm64' },
      take: { '**/dataplaneapi': '/usr/bin/' },
      verify: { sums: `${release}/checksums.txt` },
    },
  ],
  requires: ['haproxy'],
  services: { 'dataplaneapi.service': { start: 'manual' } },
});

export default dataplaneapi;

/** Deploys it for the HAProxy of the extension of that name. */
export const butane = defineButane(dataplaneapi);
