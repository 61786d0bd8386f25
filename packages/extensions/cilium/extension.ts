import { defineButane, defineExtension } from '@sysext/core';
import { CiliumParameters, provision } from './provision.ts';

const release = 'https://github.com/cilium/cilium-cli/releases/download/{version}';

const cilium = defineExtension(import.meta.dirname, {
  name: 'cilium',
  summary: "Cilium's command line, and a unit that installs Cilium in a Kubernetes cluster",
  homepage: 'https://docs.cilium.io/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'cilium/cilium-cli', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: `${release}/cilium-linux-{arch}.tar.gz`,
      take: { cilium: '/usr/local/bin/' },
      verify: { sums: '{url}.sha256sum' },
    },
  ],
  services: { 'cilium.service': { start: 'manual' } },
});

export default cilium;

/** Deploys the command line, and has it install Cilium once. */
export const butane = defineButane(cilium, {
  parameters: CiliumParameters,
  example: { arguments: ['--set', 'kubeProxyReplacement=true', '--set', 'operator.replicas=1'] },
  provision,
});
