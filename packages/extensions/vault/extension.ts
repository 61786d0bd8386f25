import { configFile, defineButane, defineExtension } from '@sysext/core';

const release = 'https://releases.hashicorp.com/vault/{version}';

const vault = defineExtension(import.meta.dirname, {
  name: 'vault',
  summary: 'Store of secrets, with leases, policies and encryption as a service',
  homepage: 'https://developer.hashicorp.com/vault',
  licence: 'BUSL-1.1',
  versions: { from: 'hashicorp', product: 'vault', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/vault_{version}_linux_{arch}.zip`,
      take: { vault: { to: '/usr/bin/', mode: '0755' } },
      verify: { sums: `${release}/vault_{version}_SHA256SUMS` },
    },
    {
      kind: 'goModules',
      // From 2 on upstream's tags are no versions of its Go module.
      when: { before: '2' },
      commands: { 'github.com/hashicorp/vault': '/usr/bin/vault' },
    },
  ],
  series: '^(\\d+\\.\\d+)\\.',
  // A restarted server is sealed, and active all the same.
  update: { apply: 'reboot' },
  services: { 'vault.service': { start: 'when-configured', configuration: '/etc/vault.d/vault.hcl' } },
});

export default vault;

/** Deploys it with its configuration; it starts at boot. */
export const butane = defineButane(vault, {
  ...configFile(
    { path: '/etc/vault.d/vault.hcl', mode: 0o640, gid: 852 },
    { directories: [{ path: '/etc/vault.d', mode: 0o750, gid: 852 }] },
  ),
  example: {
    config: `storage "raft" {
  path    = "/var/lib/vault"
  node_id = "node1"
}
listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/etc/vault.d/server.crt"
  tls_key_file  = "/etc/vault.d/server.key"
}
api_addr     = "https://vault.example.com:8200"
cluster_addr = "https://10.0.0.1:8201"
disable_mlock = true
`,
  },
});
