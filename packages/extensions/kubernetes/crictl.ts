import type { CompanionInput } from '@sysext/core';

/** The command that talks to a container runtime as the kubelet does. */
export const crictl: CompanionInput = {
  follow: 'series',
  versions: { from: 'github-releases', repo: 'kubernetes-sigs/cri-tools', match: 'v1\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/kubernetes-sigs/cri-tools/releases/download/{version}/crictl-{version}-linux-{arch}.tar.gz',
      take: { crictl: '/usr/bin/' },
      verify: { sums: '{url}.sha256' },
    },
    {
      kind: 'goModules',
      commands: { 'sigs.k8s.io/cri-tools/cmd/crictl': '/usr/bin/' },
      ldflags: ['-X=sigs.k8s.io/cri-tools/pkg/version.Version={version}'],
    },
  ],
};
