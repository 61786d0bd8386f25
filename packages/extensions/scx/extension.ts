import { defineButane, defineExtension } from '@sysext/core';
import { ScxParameters, provision } from './provision.ts';

const scx = defineExtension(import.meta.dirname, {
  name: 'scx',
  summary: 'CPU schedulers that the kernel takes in at run time (sched_ext), with scxtop',
  homepage: 'https://github.com/sched-ext/scx',
  licence: 'GPL-2.0-only',
  // Upstream publishes sources only; these are the static programs that Flatcar builds of them.
  versions: {
    from: 'github-releases',
    repo: 'flatcar/sysext-bakery',
    tag: 'scx-{version}',
    match: 'v\\d+\\.\\d+\\.\\d+',
  },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/flatcar/sysext-bakery/releases/download/scx-{version}/scx-{version}-{arch}.raw',
      arch: { 'x86-64': 'x86-64', arm64: 'arm64' },
      format: 'squashfs',
      take: { 'usr/bin/scx*': '/usr/bin/' },
      verify: { sums: 'https://github.com/flatcar/sysext-bakery/releases/download/scx-{version}/SHA256SUMS' },
    },
  ],
  services: { 'scx.service': { start: 'manual' } },
});

export default scx;

/** Deploys one of the schedulers. */
export const butane = defineButane(scx, {
  parameters: ScxParameters,
  example: { scheduler: 'scx_lavd', flags: '--performance' },
  provision,
});
