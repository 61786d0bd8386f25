import { defineButane, defineExtension } from '@sysext/core';
import { CrioParameters, provision } from './provision.ts';

const crio = defineExtension(import.meta.dirname, {
  name: 'crio',
  summary: 'CRI-O, a container runtime for Kubernetes, with crun, runc, conmon and CNI plugins',
  homepage: 'https://cri-o.io/',
  licence: 'Apache-2.0 AND GPL-2.0-or-later',
  versions: { from: 'github-releases', repo: 'cri-o/cri-o', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://storage.googleapis.com/cri-o/artifacts/cri-o.{arch}.{version}.tar.gz',
      strip: 1,
      take: {
        'bin/{crio,pinns}': '/usr/bin/',
        'bin/{conmon,conmonrs,crun,runc}': '/usr/libexec/crio/',
        'bin/crio-credential-provider': { to: '/usr/libexec/crio/', optional: true },
        'cni-plugins/': '/usr/libexec/crio/cni/',
        'etc/10-crio.conf': { to: '/usr/share/crio/', mode: '0644' },
        'contrib/{policy.json,registries.conf}': { to: '/usr/share/crio/', mode: '0644' },
        'contrib/10-crio-bridge.conflist.disabled': { to: '/usr/share/crio/10-crio-bridge.conflist', mode: '0644' },
      },
      leave: ['cni-plugins/LICENSE', 'cni-plugins/README.md'],
      verify: { sums: '{url}.sha256sum' },
    },
  ],
  series: '^v(\\d+\\.\\d+)\\.',
  services: { 'crio.service': { start: 'on-merge' } },
});

export default crio;

/** Deploys the runtime. */
export const butane = defineButane(crio, { parameters: CrioParameters, example: { bridge: true }, provision });
