import { configFile, defineButane, defineExtension } from '@sysext/core';

const keepalived = defineExtension(import.meta.dirname, {
  name: 'keepalived',
  summary: 'Addresses that move between hosts by VRRP, and load balancing by LVS',
  homepage: 'https://www.keepalived.org/',
  licence: 'GPL-2.0-or-later',
  versions: { from: 'debian', suite: 'trixie', package: 'keepalived' },
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['keepalived'],
      take: {
        'usr/sbin/keepalived': '/usr/bin/',
        // Debian's build is reproducible, and so reads from a file what it was built with; without, it does not start.
        'etc/keepalived/keepalived.config-opts': '/usr/share/keepalived/',
      },
    },
  ],
  services: { 'keepalived.service': { start: 'when-configured', configuration: '/etc/keepalived/keepalived.conf' } },
});

export default keepalived;

/** Deploys a host that shares addresses, or spreads load, with others. */
export const butane = defineButane(keepalived, {
  // It may hold a password.
  ...configFile({ path: '/etc/keepalived/keepalived.conf', mode: 0o600 }),
  example: {
    config: `vrrp_instance example {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.0.2.10/24
    }
}
`,
  },
});
