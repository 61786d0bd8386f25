import { basename } from 'node:path/posix';
import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';

const tag = 'v1\\.\\d+\\.\\d+';
const programs = ['kubelet', 'kubeadm', 'kubectl'];
const cniPlugins = [
  ...['dhcp', 'host-local', 'static'].map((name) => `ipam/${name}`),
  ...['bridge', 'dummy', 'host-device', 'ipvlan', 'loopback', 'macvlan', 'ptp', 'tap', 'vlan'].map(
    (name) => `main/${name}`,
  ),
  ...['bandwidth', 'firewall', 'portmap', 'sbr', 'tuning', 'vrf'].map((name) => `meta/${name}`),
];

/** What makes the programs know their version. */
const versionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((version) => [
  `-X=${version}.gitVersion={version}`,
  `-X=${version}.gitMajor=1`,
  `-X=${version}.gitMinor={minor}`,
]);

/** Files that upstream publishes with a checksum beside each. */
const release = (...downloads: { url: string; take: string | Record<string, string> }[]) => ({
  kind: 'release' as const,
  downloads: downloads.map((download) => ({ ...download, verify: { sums: '{url}.sha256' } })),
});

const kubernetes = defineExtension(import.meta.dirname, {
  name: 'kubernetes',
  summary: 'kubelet, kubeadm and kubectl, with CNI plugins and crictl',
  homepage: 'https://kubernetes.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'kubernetes/kubernetes', match: tag },
  sources: [
    release(
      ...programs.map((name) => ({
        url: `https://dl.k8s.io/release/{version}/bin/linux/{arch}/${name}`,
        take: '/usr/bin/',
      })),
    ),
    {
      kind: 'goModules',
      commands: Object.fromEntries(programs.map((name) => [`k8s.io/kubernetes/cmd/${name}`, `/usr/bin/${name}`])),
      siblings: { of: 'k8s.io/kubernetes', version: 'v0.{minor}.{patch}' },
      ldflags: versionFlags,
    },
  ],
  companions: {
    'cni-plugins': {
      versions: { from: 'github-releases', repo: 'containernetworking/plugins', match: tag },
      sources: [
        release({
          url: 'https://github.com/containernetworking/plugins/releases/download/{version}/cni-plugins-linux-{arch}-{version}.tgz',
          take: Object.fromEntries(cniPlugins.map((plugin) => [basename(plugin), '/usr/libexec/cni/'])),
        }),
        {
          kind: 'goModules',
          commands: Object.fromEntries(
            cniPlugins.map((plugin) => [
              `github.com/containernetworking/plugins/plugins/${plugin}`,
              `/usr/libexec/cni/${basename(plugin)}`,
            ]),
          ),
          ldflags: ['-X=github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion={version}'],
        },
      ],
    },
    crictl: {
      versions: { from: 'github-releases', repo: 'kubernetes-sigs/cri-tools', match: tag },
      sources: [
        release({
          url: 'https://github.com/kubernetes-sigs/cri-tools/releases/download/{version}/crictl-{version}-linux-{arch}.tar.gz',
          take: { crictl: '/usr/bin/' },
        }),
        {
          kind: 'goModules',
          commands: { 'sigs.k8s.io/cri-tools/cmd/crictl': '/usr/bin/crictl' },
          ldflags: ['-X=sigs.k8s.io/cri-tools/pkg/version.Version={version}'],
        },
      ],
    },
  },
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
