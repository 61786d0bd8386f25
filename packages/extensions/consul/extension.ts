import { configFile, defineButane, defineExtension } from '@sysext/core';

const release = 'https://releases.hashicorp.com/consul/{version}';

const consul = defineExtension(import.meta.dirname, {
  name: 'consul',
  summary: 'Service discovery, health checks and a key-value store for a fleet',
  homepage: 'https://developer.hashicorp.com/consul',
  licence: 'BUSL-1.1',
  versions: { from: 'hashicorp', product: 'consul', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/consul_{version}_linux_{arch}.zip`,
      take: { consul: { to: '/usr/bin/', mode: '0755' } },
      verify: { sums: `${release}/consul_{version}_SHA256SUMS` },
    },
    {
      kind: 'goModules',
      // From 2 on upstream's tags are no versions of its Go module.
      when: { before: '2' },
      commands: { 'github.com/hashicorp/consul': '/usr/bin/consul' },
      replace: { 'github.com/hashicorp/consul/api': 'github.com/hashicorp/consul/api@v1.34.1' },
    },
  ],
  series: '^(\\d+\\.\\d+)\\.',
  services: { 'consul.service': { start: 'when-configured', configuration: '/etc/consul.d/consul.hcl' } },
});

export default consul;

/** Deploys it with its configuration; it starts at boot. */
export const butane = defineButane(consul, {
  ...configFile(
    { path: '/etc/consul.d/consul.hcl', mode: 0o640, gid: 851 },
    { directories: [{ path: '/etc/consul.d', mode: 0o750, gid: 851 }] },
  ),
  example: {
    config: `server = true
bootstrap_expect = 1
bind_addr = "10.0.0.1"
`,
  },
});
