import { defineButane, defineExtension } from '@sysext/core';

const release = 'https://github.com/docker/buildx/releases/download/{version}';

const buildx = defineExtension(import.meta.dirname, {
  name: 'docker-buildx',
  summary: 'Build plugin of the docker command, newer than the one that Flatcar brings',
  homepage: 'https://docs.docker.com/build/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'docker/buildx', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/buildx-{version}.linux-{arch}`,
      format: 'raw',
      take: { to: '/usr/local/lib/docker/cli-plugins/docker-buildx', mode: '0755' },
      verify: { sums: `${release}/checksums.txt` },
    },
    {
      kind: 'goModules',
      commands: { 'github.com/docker/buildx/cmd/buildx': '/usr/local/lib/docker/cli-plugins/docker-buildx' },
      ldflags: ['-X=github.com/docker/buildx/version.Version={version}'],
    },
  ],
});

export default buildx;

/** Deploys the plugin, which needs nothing on its host but a docker command. */
export const butane = defineButane(buildx);
