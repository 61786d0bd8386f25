import { defineButane, defineExtension } from '@sysext/core';

const programs = '{containerd,containerd-shim-runc-v2,ctr}';
const modules = (module: string) => ({
  kind: 'goModules' as const,
  commands: { [`${module}/cmd/${programs}`]: '/usr/bin/' },
  ldflags: [`-X=${module}/version.Version={version}`],
});

const containerd = defineExtension(import.meta.dirname, {
  name: 'containerd',
  summary: 'Container runtime, with runc and ctr; takes the place of the built-in one',
  homepage: 'https://containerd.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'containerd/containerd', match: 'v(1\\.7|[2-9]\\.\\d+)\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/containerd/containerd/releases/download/{version}/containerd-{bare}-linux-{arch}.tar.gz',
      strip: 1,
      take: { [programs]: '/usr/bin/' },
      verify: { sums: '{url}.sha256sum' },
    },
    { ...modules('github.com/containerd/containerd/v2'), when: { from: 'v2.0.0' } },
    { ...modules('github.com/containerd/containerd'), when: { before: 'v2.0.0' } },
  ],
  companions: {
    runc: {
      versions: { from: 'github-releases', repo: 'opencontainers/runc', match: 'v\\d+\\.\\d+\\.\\d+' },
      sources: [
        {
          kind: 'release',
          url: 'https://github.com/opencontainers/runc/releases/download/{version}/runc.{arch}',
          take: '/usr/bin/runc',
          verify: { sums: 'https://github.com/opencontainers/runc/releases/download/{version}/runc.sha256sum' },
        },
      ],
    },
  },
  links: {
    '/usr/share/containerd/config.toml': [
      { target: 'config-1.7.toml', when: { before: 'v2.0.0' } },
      { target: 'config-2.toml' },
    ],
  },
  series: '^v(\\d+\\.\\d+)\\.',
  conflicts: ['containerd-flatcar'],
  services: { 'containerd.service': { start: 'on-merge' } },
});

export default containerd;

/** Deploys it in place of the built-in containerd. */
export const butane = defineButane(containerd);
