import { configFile, defineButane, defineExtension } from '@sysext/core';

const haproxy = defineExtension(import.meta.dirname, {
  name: 'haproxy',
  summary: 'Load balancer for TCP and HTTP',
  homepage: 'https://www.haproxy.org/',
  licence: 'GPL-2.0-or-later',
  versions: { from: 'debian', suite: 'trixie', package: 'haproxy' },
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['haproxy'],
      take: { 'usr/sbin/haproxy': '/usr/bin/' },
    },
  ],
  services: { 'haproxy.service': { start: 'when-configured', configuration: '/etc/haproxy/haproxy.cfg' } },
});

export default haproxy;

/** Deploys a load balancer. */
export const butane = defineButane(haproxy, {
  // It may hold a password.
  ...configFile({ path: '/etc/haproxy/haproxy.cfg', mode: 0o600 }),
  example: {
    config: `global
    user haproxy
    group haproxy
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind :80
    default_backend servers
backend servers
    server one 10.0.0.2:8080 check
    server two 10.0.0.3:8080 check
`,
  },
});
