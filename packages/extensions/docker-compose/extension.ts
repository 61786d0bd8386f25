import { defineButane, defineExtension } from '@sysext/core';

const compose = defineExtension(import.meta.dirname, {
  name: 'docker-compose',
  summary: 'Plugin of the docker command for applications of several containers',
  homepage: 'https://docs.docker.com/compose/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'docker/compose', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/docker/compose/releases/download/{version}/docker-compose-linux-{arch}',
      arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
      format: 'raw',
      take: { to: '/usr/local/lib/docker/cli-plugins/docker-compose', mode: '0755' },
      verify: { sums: '{url}.sha256' },
    },
    {
      kind: 'goModules',
      commands: { 'github.com/docker/compose/v5/cmd': '/usr/local/lib/docker/cli-plugins/docker-compose' },
      ldflags: ['-X=github.com/docker/compose/v5/internal.Version={version}'],
    },
  ],
});

export default compose;

/** Deploys the plugin, which needs nothing on its host but a docker command. */
export const butane = defineButane(compose);
