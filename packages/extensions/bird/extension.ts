import { configFile, defineButane, defineExtension } from '@sysext/core';

const bird = defineExtension(import.meta.dirname, {
  name: 'bird',
  summary: 'Routing daemon for BGP, OSPF, RIP, BFD and static routes, with its clients',
  homepage: 'https://bird.network.cz/',
  licence: 'GPL-2.0-or-later',
  versions: { from: 'debian', suite: 'trixie', package: 'bird3' },
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['bird3'],
      take: { 'usr/sbin/bird{,c,cl}': '/usr/bin/' },
    },
  ],
  services: { 'bird.service': { start: 'when-configured', configuration: '/etc/bird/bird.conf' } },
});

export default bird;

/** Deploys a router. */
export const butane = defineButane(bird, {
  // The daemon reads it as its own user; it may hold a password.
  ...configFile({ path: '/etc/bird/bird.conf', mode: 0o640, gid: 866 }),
  example: {
    config: `router id 10.0.0.1;
protocol device {}
protocol kernel {
    ipv4 { export all; };
}
protocol bgp upstream {
    local as 64512;
    neighbor 10.0.0.254 as 64513;
    ipv4 { import all; export none; };
}
`,
  },
});
