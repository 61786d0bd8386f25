import { defineButane, defineExtension } from '@sysext/core';
import { Rke2Parameters, provision } from './provision.ts';

const rke2 = defineExtension(import.meta.dirname, {
  name: 'rke2',
  summary: 'Kubernetes of Rancher for regulated places, as server or as agent',
  homepage: 'https://docs.rke2.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'rancher/rke2', match: 'v\\d+\\.\\d+\\.\\d+\\+rke2r\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/rancher/rke2/releases/download/{version}/rke2.linux-{arch}.tar.gz',
      take: {
        'bin/rke2{,-killall.sh}': '/usr/local/bin/',
        'share/rke2/': '/usr/local/share/rke2/',
      },
      verify: { sums: 'https://github.com/rancher/rke2/releases/download/{version}/sha256sum-{arch}.txt' },
    },
  ],
  series: '^v(\\d+\\.\\d+)\\.',
  conflicts: ['k3s', 'kubernetes'],
  services: { 'rke2-server.service': { start: 'manual' }, 'rke2-agent.service': { start: 'manual' } },
});

export default rke2;

/** Deploys a server or an agent of a cluster. */
export const butane = defineButane(rke2, {
  parameters: Rke2Parameters,
  example: { role: 'agent', config: { server: 'https://10.0.0.1:9345', 'token-file': '/etc/rancher/rke2/token' } },
  provision,
});
