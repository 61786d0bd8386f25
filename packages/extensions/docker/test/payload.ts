import type { Payload } from '@sysext/payload';
import docker from '../extension.ts';

/** Debian's Docker in the place of upstream's, which only its own host has: the same parts, older. */
export const payload: Payload = {
  extension: docker,
  version: '26.1.5',
  sources: [
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['docker.io', 'docker-cli', 'containerd', 'runc', 'tini'],
      take: {
        'usr/*bin/dockerd': '/usr/bin/',
        'usr/*bin/docker-proxy': '/usr/bin/',
        'usr/*bin/docker': '/usr/bin/',
        'usr/*bin/containerd': '/usr/bin/',
        'usr/*bin/containerd-shim-runc-v2': '/usr/bin/',
        'usr/*bin/ctr': '/usr/bin/',
        'usr/sbin/runc': '/usr/bin/',
        'usr/*bin/tini-static': '/usr/bin/docker-init',
      },
    },
  ],
};
