import { defineButane, defineExtension } from '@sysext/core';
import { NvidiaRuntimeParameters, provision } from './provision.ts';

const nvidiaRuntime = defineExtension(import.meta.dirname, {
  name: 'nvidia-runtime',
  summary: "NVIDIA's container toolkit: GPUs in containers of Docker and containerd; no driver",
  homepage: 'https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'NVIDIA/nvidia-container-toolkit', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/NVIDIA/nvidia-container-toolkit/releases/download/{version}/nvidia-container-toolkit_{bare}_deb_{arch}.tar.gz',
      packages: '**/*.deb',
      // Its units are in other places in other versions, and made for other distributions.
      take: {
        'usr/bin/nvidia-{cdi-hook,ctk}': '/usr/bin/',
        'usr/bin/nvidia-container-{cli,runtime,runtime-hook}': '/usr/bin/',
        'usr/lib/*-linux-gnu/libnvidia-container*.so.*': '/usr/lib64/',
      },
      verify: {
        sums: 'https://github.com/NVIDIA/nvidia-container-toolkit/releases/download/{version}/nvidia-container-toolkit_{bare}_checksums.txt',
      },
    },
  ],
  services: { 'nvidia-cdi-refresh.service': { start: 'manual' } },
});

export default nvidiaRuntime;

/** Deploys the toolkit beside Flatcar's Docker and containerd, or those of extensions. */
export const butane = defineButane(nvidiaRuntime, {
  parameters: NvidiaRuntimeParameters,
  example: { containerd: 'extension' },
  provision,
});
