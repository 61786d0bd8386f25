import { defineButane, defineExtension } from '@sysext/core';
import { EtcdParameters, example } from './parameters.ts';
import { provision } from './provision.ts';

const etcd = defineExtension(import.meta.dirname, {
  name: 'etcd',
  summary: 'Distributed key-value store, with etcdctl and etcdutl',
  homepage: 'https://etcd.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'etcd-io/etcd', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: [
        'https://github.com/etcd-io/etcd/releases/download/{version}/etcd-{version}-linux-{arch}.tar.gz',
        'https://storage.googleapis.com/etcd/{version}/etcd-{version}-linux-{arch}.tar.gz',
      ],
      strip: 1,
      take: { 'etcd{,ctl,utl}': '/usr/bin/' },
      verify: { sums: 'https://github.com/etcd-io/etcd/releases/download/{version}/SHA256SUMS' },
    },
    {
      kind: 'goModules',
      commands: {
        'go.etcd.io/etcd/server/v3': '/usr/bin/etcd',
        'go.etcd.io/etcd/etcd{ctl,utl}/v3': '/usr/bin/',
      },
      ldflags: ['-X=go.etcd.io/etcd/api/v3/version.GitSHA={version}'],
    },
  ],
  series: '^v(\\d+\\.\\d+)\\.',
  update: {
    apply: 'restart',
    lock: { command: ['/usr/bin/etcdctl', 'lock', 'sysext-update'], environmentFile: '/etc/etcd/etcdctl.env' },
  },
  services: { 'etcd.service': { start: 'manual' } },
  allow: [
    {
      rule: 'host-file',
      path: '/usr/bin/etcd{ctl,utl}',
      why: "Flatcar brings its own; the operator's tools have to be of the server's version",
    },
  ],
});

export default etcd;

/** Deploys a member of a cluster. */
export const butane = defineButane(etcd, {
  parameters: EtcdParameters,
  example,
  provision,
});
