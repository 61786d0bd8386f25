import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';

const kataContainers = defineExtension(import.meta.dirname, {
  name: 'kata-containers',
  summary: 'Containers in light virtual machines: shim, guest and virtual machine monitors',
  homepage: 'https://katacontainers.io/',
  licence: 'Apache-2.0 AND GPL-2.0-only AND GPL-2.0-or-later',
  versions: { from: 'github-releases', repo: 'kata-containers/kata-containers', match: '3\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/kata-containers/kata-containers/releases/download/{version}/kata-static-{version}-{arch}.tar.zst',
      // Not to /opt, which a merge makes read-only; a link there leads upstream's fixed paths here.
      take: {
        'opt/kata/bin/{containerd-shim-kata-v2,kata-runtime}': '/usr/lib/kata/bin/',
        'opt/kata/': '/usr/lib/kata/',
      },
      verify: { githubAsset: true },
    },
  ],
  links: {
    '/usr/bin/containerd-shim-kata-v2': '../lib/kata/bin/containerd-shim-kata-v2',
    '/usr/bin/kata-runtime': '../lib/kata/bin/kata-runtime',
  },
});

export default kataContainers;

/** Deploys the image, and tells containerd of the runtime `kata`. */
export const butane = defineButane(kataContainers, {
  parameters: z.strictObject({}),
  example: {},
  provision: () => ({
    files: [
      {
        path: '/etc/containerd/conf.d/kata.toml',
        text: `version = 2

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
runtime_type = "io.containerd.kata.v2"
privileged_without_host_devices = true
pod_annotations = ["io.katacontainers.*"]
options = { ConfigPath = "/opt/kata/share/defaults/kata-containers/configuration-qemu.toml" }
`,
      },
    ],
  }),
});
