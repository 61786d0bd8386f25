import { defineButane, defineExtension } from '@sysext/core';
import { DockerParameters, provision } from './provision.ts';

const docker = defineExtension(import.meta.dirname, {
  name: 'docker',
  summary: 'Docker Engine with its containerd and runc; takes the place of the built-in ones',
  homepage: 'https://docs.docker.com/engine/',
  licence: 'Apache-2.0',
  versions: {
    from: 'listing',
    url: 'https://download.docker.com/linux/static/stable/x86_64/',
    pattern: 'href="docker-(\\d+\\.\\d+\\.\\d+)\\.tgz"',
  },
  sources: [
    {
      kind: 'release',
      url: 'https://download.docker.com/linux/static/stable/{arch}/docker-{version}.tgz',
      arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
      strip: 1,
      take: {
        '{containerd,containerd-shim-runc-v2,ctr,runc}': '/usr/bin/',
        '{docker,docker-init,docker-proxy,dockerd}': '/usr/bin/',
      },
    },
  ],
  series: '^(\\d+)\\.',
  // Without live-restore the containers end with dockerd.
  update: { apply: 'reboot' },
  conflicts: ['docker-flatcar', 'containerd-flatcar', 'containerd'],
  services: {
    'containerd.service': { start: 'on-merge' },
    'docker.socket': { start: 'on-merge' },
    // By the first that connects to the socket.
    'docker.service': { start: 'manual' },
  },
});

export default docker;

/** Deploys it in place of the built-in Docker and containerd. */
export const butane = defineButane(docker, {
  parameters: DockerParameters,
  example: { daemon: { 'log-driver': 'journald' }, atBoot: true },
  provision,
});
