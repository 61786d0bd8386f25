import { defineButane, defineExtension } from '@sysext/core';

/** Upstream's static programs have no architecture in their names where it is x86-64. */
const arch = { 'x86-64': '', arm64: '-aarch64' };
const releases = 'https://github.com/cloud-hypervisor/cloud-hypervisor/releases/download';

const cloudHypervisor = defineExtension(import.meta.dirname, {
  name: 'cloud-hypervisor',
  summary: 'Virtual machine monitor for cloud workloads, with its remote control',
  homepage: 'https://www.cloudhypervisor.org/',
  licence: 'Apache-2.0 AND BSD-3-Clause',
  versions: { from: 'github-releases', repo: 'cloud-hypervisor/cloud-hypervisor', match: 'v\\d+\\.\\d+(\\.\\d+)?' },
  sources: [
    {
      kind: 'release',
      downloads: [
        {
          url: `${releases}/{version}/cloud-hypervisor-static{arch}`,
          arch,
          take: '/usr/bin/cloud-hypervisor',
          verify: { githubAsset: true },
        },
        {
          url: `${releases}/{version}/ch-remote-static{arch}`,
          arch,
          take: '/usr/bin/ch-remote',
          verify: { githubAsset: true },
        },
      ],
    },
  ],
});

export default cloudHypervisor;

export const butane = defineButane(cloudHypervisor);
