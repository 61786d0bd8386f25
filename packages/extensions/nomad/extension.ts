import { configFile, defineButane, defineExtension } from '@sysext/core';

const release = 'https://releases.hashicorp.com/nomad/{version}';

const nomad = defineExtension(import.meta.dirname, {
  name: 'nomad',
  summary: 'Scheduler of containers and other workloads over a fleet',
  homepage: 'https://developer.hashicorp.com/nomad',
  licence: 'BUSL-1.1',
  versions: { from: 'hashicorp', product: 'nomad', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/nomad_{version}_linux_{arch}.zip`,
      take: { nomad: { to: '/usr/bin/', mode: '0755' } },
      verify: { sums: `${release}/nomad_{version}_SHA256SUMS` },
    },
    {
      kind: 'goModules',
      // From 2 on upstream's tags are no versions of its Go module.
      when: { before: '2' },
      commands: { 'github.com/hashicorp/nomad': '/usr/bin/nomad' },
      // Without it there is a driver that is made for upstream's tests.
      tags: ['release'],
      replace: {
        'github.com/hashicorp/nomad/api': 'github.com/hashicorp/nomad/api@v0.0.0-20260324203407-b27b0c2e019a',
      },
    },
  ],
  series: '^(\\d+\\.\\d+)\\.',
  services: { 'nomad.service': { start: 'when-configured', configuration: '/etc/nomad.d/nomad.hcl' } },
});

export default nomad;

/** Deploys it with its configuration; it starts at boot. */
export const butane = defineButane(nomad, {
  ...configFile(
    { path: '/etc/nomad.d/nomad.hcl', mode: 0o640 },
    { directories: [{ path: '/etc/nomad.d', mode: 0o750 }] },
  ),
  example: {
    config: `bind_addr = "10.0.0.1"
server {
  enabled = true
  bootstrap_expect = 1
}
client {
  enabled = true
}
`,
  },
});
