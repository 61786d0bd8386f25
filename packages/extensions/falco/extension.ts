import { defineButane, defineExtension } from '@sysext/core';

const falco = defineExtension(import.meta.dirname, {
  name: 'falco',
  summary: 'Detects threats at run time by what programs ask of the kernel, with falcoctl',
  homepage: 'https://falco.org/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'falcosecurity/falco', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://download.falco.org/packages/bin/{arch}/falco-{version}-{arch}.tar.gz',
      arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
      strip: 1,
      // The rest of usr/ is the source of a kernel module.
      take: {
        'usr/bin/{falco,falcoctl}': '/usr/bin/',
        'usr/share/falco/plugins/libcontainer.so': '/usr/share/falco/plugins/',
        'etc/falco/{falco,falco_rules,falco_rules.local}.yaml': { to: '/usr/share/falco/', mode: '0644' },
        'etc/falco/config.d/falco.container_plugin.yaml': { to: '/usr/share/falco/', mode: '0644' },
        'etc/falcoctl/falcoctl.yaml': { to: '/usr/share/falco/', mode: '0644' },
      },
    },
  ],
  services: {
    'falco-modern-bpf.service': { start: 'on-merge' },
    'falcoctl-artifact-follow.service': { start: 'manual' },
  },
});

export default falco;

export const butane = defineButane(falco);
