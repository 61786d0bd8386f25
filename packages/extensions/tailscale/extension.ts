import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';

const tailscale = defineExtension(import.meta.dirname, {
  name: 'tailscale',
  summary: "Client and daemon of Tailscale's networks between hosts",
  homepage: 'https://tailscale.com/',
  licence: 'BSD-3-Clause',
  versions: { from: 'github-releases', repo: 'tailscale/tailscale', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://pkgs.tailscale.com/stable/tailscale_{bare}_{arch}.tgz',
      format: 'tar.gz',
      strip: 1,
      take: { 'tailscale{,d}': '/usr/bin/' },
      verify: { sums: '{url}.sha256' },
    },
    {
      kind: 'goModules',
      commands: { 'tailscale.com/cmd/tailscale{,d}': '/usr/bin/' },
      ldflags: ['-X=tailscale.com/version.longStamp={bare}', '-X=tailscale.com/version.shortStamp={bare}'],
    },
  ],
  services: { 'tailscaled.service': { start: 'on-merge' } },
});

export default tailscale;

/** Deploys a node; it joins a network when somebody runs `tailscale up` on it. */
export const butane = defineButane(tailscale, {
  parameters: z.strictObject({
    /** UDP port that other nodes reach this one at. */
    port: z.coerce.number().int().min(0).max(65_535).default(41_641),
    /** Further flags of tailscaled. */
    flags: z
      .string()
      .regex(/^[\w=:,./@ -]*$/, 'words without quotes')
      .default(''),
  }),
  example: {},
  provision: ({ port, flags }) => ({
    files: [{ path: '/etc/default/tailscaled', text: `PORT="${port}"\nFLAGS="${flags}"\n` }],
  }),
});
