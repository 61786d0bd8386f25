import { defineButane, defineExtension } from '@sysext/core';
import { NebulaParameters } from './parameters.ts';
import { provision } from './provision.ts';

const nebula = defineExtension(import.meta.dirname, {
  name: 'nebula',
  summary: 'Overlay network between hosts, wherever they are, with its certificate tool',
  homepage: 'https://nebula.defined.net/',
  licence: 'MIT',
  versions: { from: 'github-releases', repo: 'slackhq/nebula', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/slackhq/nebula/releases/download/{version}/nebula-linux-{arch}.tar.gz',
      take: { 'nebula{,-cert}': '/usr/bin/' },
      verify: { sums: 'https://github.com/slackhq/nebula/releases/download/{version}/SHASUM256.txt' },
    },
    {
      kind: 'goModules',
      // From then on it requires a fork of a module that not every proxy has.
      when: { before: 'v1.11' },
      commands: { 'github.com/slackhq/nebula/cmd/nebula{,-cert}': '/usr/bin/' },
      ldflags: ['-X=main.Build={bare}'],
    },
  ],
  services: { 'nebula.service': { start: 'when-configured', configuration: '/etc/nebula/config.yaml' } },
});

export default nebula;

/** Deploys a node of an overlay network. */
export const butane = defineButane(nebula, {
  parameters: NebulaParameters,
  example: {
    config: `pki:
  ca: /etc/nebula/ca.crt
  cert: /etc/nebula/host.crt
  key: /etc/nebula/host.key
static_host_map:
  192.168.100.1: ['lighthouse.example:4242']
lighthouse:
  hosts: [192.168.100.1]
tun: { dev: nebula1 }
firewall:
  outbound: [{ port: any, proto: any, host: any }]
  inbound: [{ port: any, proto: icmp, host: any }]
`,
  },
  provision,
});
