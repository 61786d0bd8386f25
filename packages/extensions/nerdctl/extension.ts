import { defineButane, defineExtension } from '@sysext/core';

const plugins = 'github.com/containernetworking/plugins/plugins';
const release = 'https://github.com/containerd/nerdctl/releases/download/{version}';

const nerdctl = defineExtension(import.meta.dirname, {
  name: 'nerdctl',
  summary: 'A docker-like command for containerd, with the plugins for its networks',
  homepage: 'https://github.com/containerd/nerdctl',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'containerd/nerdctl', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/nerdctl-{bare}-linux-{arch}.tar.gz`,
      take: { nerdctl: '/usr/bin/', 'containerd-rootless*.sh': '/usr/bin/' },
      verify: { sums: `${release}/SHA256SUMS` },
    },
  ],
  companions: {
    'cni-plugins': {
      versions: { from: 'github-releases', repo: 'containernetworking/plugins', match: 'v\\d+\\.\\d+\\.\\d+' },
      sources: [
        {
          kind: 'release',
          url: 'https://github.com/containernetworking/plugins/releases/download/{version}/cni-plugins-linux-{arch}-{version}.tgz',
          format: 'tar.gz',
          take: { '{bridge,firewall,host-local,loopback,portmap,tuning}': '/usr/libexec/nerdctl/cni/' },
          verify: { sums: '{url}.sha256' },
        },
        {
          kind: 'goModules',
          commands: {
            [`${plugins}/ipam/host-local`]: '/usr/libexec/nerdctl/cni/',
            [`${plugins}/main/{bridge,loopback}`]: '/usr/libexec/nerdctl/cni/',
            [`${plugins}/meta/{firewall,portmap,tuning}`]: '/usr/libexec/nerdctl/cni/',
          },
          ldflags: ['-X=github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion={version}'],
        },
      ],
    },
  },
});

export default nerdctl;

/** Deploys the command, for the containerd that the host has. */
export const butane = defineButane(nerdctl);
