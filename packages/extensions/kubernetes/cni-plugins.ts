import type { CompanionInput } from '@sysext/core';

const module = 'github.com/containernetworking/plugins';
const to = '/usr/libexec/cni/';
const plugins = {
  ipam: '{dhcp,host-local,static}',
  main: '{bridge,dummy,host-device,ipvlan,loopback,macvlan,ptp,tap,vlan}',
  meta: '{bandwidth,firewall,portmap,sbr,tuning,vrf}',
};

/** Plugins by which container runtimes connect pods. */
export const cniPlugins: CompanionInput = {
  follow: 'newest',
  versions: { from: 'github-releases', repo: 'containernetworking/plugins', match: 'v1\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `https://${module}/releases/download/{version}/cni-plugins-linux-{arch}-{version}.tgz`,
      take: { [plugins.ipam]: to, [plugins.main]: to, [plugins.meta]: to },
      verify: { sums: '{url}.sha256' },
    },
    {
      kind: 'goModules',
      commands: {
        [`${module}/plugins/ipam/${plugins.ipam}`]: to,
        [`${module}/plugins/main/${plugins.main}`]: to,
        [`${module}/plugins/meta/${plugins.meta}`]: to,
      },
      ldflags: [`-X=${module}/pkg/utils/buildversion.BuildVersion={version}`],
    },
  ],
};
