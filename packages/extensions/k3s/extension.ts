import { defineButane, defineExtension } from '@sysext/core';
import { K3sParameters, provision } from './provision.ts';

const k3s = defineExtension(import.meta.dirname, {
  name: 'k3s',
  summary: 'Lightweight Kubernetes in one program, as server or as agent',
  homepage: 'https://k3s.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'k3s-io/k3s', match: 'v\\d+\\.\\d+\\.\\d+\\+k3s\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/k3s-io/k3s/releases/download/{version}/k3s{arch}',
      arch: { 'x86-64': '', arm64: '-arm64' },
      take: '/usr/local/bin/k3s',
      verify: { sums: 'https://github.com/k3s-io/k3s/releases/download/{version}/sha256sum-{goArch}.txt' },
    },
  ],
  // The program does what it is called by.
  links: { '/usr/local/bin/kubectl': 'k3s', '/usr/local/bin/crictl': 'k3s', '/usr/local/bin/ctr': 'k3s' },
  series: '^v(\\d+\\.\\d+)\\.',
  conflicts: ['kubernetes', 'rke2'],
  services: { 'k3s.service': { start: 'manual' }, 'k3s-agent.service': { start: 'manual' } },
});

export default k3s;

/** Deploys a server or an agent of a cluster. */
export const butane = defineButane(k3s, {
  parameters: K3sParameters,
  example: { role: 'agent', config: { server: 'https://10.0.0.1:6443', 'token-file': '/etc/rancher/k3s/token' } },
  provision,
});
