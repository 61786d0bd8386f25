import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';
import { cniPlugins } from './cni-plugins.ts';
import { crictl } from './crictl.ts';

const kubernetes = defineExtension(import.meta.dirname, {
  name: 'kubernetes',
  summary: 'kubelet, kubeadm and kubectl, with CNI plugins and crictl',
  homepage: 'https://kubernetes.io/',
  licence: 'Apache-2.0',
  versions: { from: 'kubernetes' },
  sources: [
    {
      kind: 'release',
      downloads: ['kubelet', 'kubeadm', 'kubectl'].map((name) => ({
        url: `https://dl.k8s.io/release/{version}/bin/linux/{arch}/${name}`,
        take: '/usr/bin/',
        verify: { sums: '{url}.sha256' },
      })),
    },
    {
      kind: 'goModules',
      commands: { 'k8s.io/kubernetes/cmd/{kubelet,kubeadm,kubectl}': '/usr/bin/' },
      siblings: { of: 'k8s.io/kubernetes', version: 'v0.{minor}.{patch}' },
      // What makes the programs know their version.
      ldflags: ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((version) => [
        `-X=${version}.gitVersion={version}`,
        `-X=${version}.gitMajor=1`,
        `-X=${version}.gitMinor={minor}`,
      ]),
    },
  ],
  companions: { 'cni-plugins': cniPlugins, crictl },
  requiresVersion: { containerd: { from: 'v2.0.0' } },
  series: '^v(\\d+\\.\\d+)\\.',
  services: { 'kubelet.service': { start: 'when-configured', configuration: '/var/lib/kubelet/config.yaml' } },
  allow: [{ rule: 'host-file', path: '/usr/bin/crictl', why: "Flatcar's own is of another version of Kubernetes" }],
});

export default kubernetes;

/** Makes a host ready for `kubeadm init` or `kubeadm join`, which configure and start the kubelet. */
export const butane = defineButane(kubernetes, {
  parameters: z.strictObject({}),
  example: {},
  provision: () => ({ files: [{ path: '/etc/sysctl.d/60-kubernetes.conf', text: 'net.ipv4.ip_forward = 1\n' }] }),
});
