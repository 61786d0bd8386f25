import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';

const nats = 'https://github.com/nats-io/nats-server/releases/download/{version}';

const wasmcloud = defineExtension(import.meta.dirname, {
  name: 'wasmcloud',
  summary: "wasmCloud's command line, with the NATS server that its hosts talk through",
  homepage: 'https://wasmcloud.com/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'wasmCloud/wasmCloud', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/wasmCloud/wasmCloud/releases/download/{version}/wash-{arch}-unknown-linux-gnu',
      arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
      format: 'raw',
      take: { to: '/usr/bin/wash', mode: '0755' },
      verify: { githubAsset: true },
    },
  ],
  companions: {
    'nats-server': {
      versions: { from: 'github-releases', repo: 'nats-io/nats-server', match: 'v\\d+\\.\\d+\\.\\d+' },
      sources: [
        {
          kind: 'release',
          url: `${nats}/nats-server-{version}-linux-{arch}.tar.gz`,
          strip: 1,
          take: { 'nats-server': '/usr/bin/' },
          verify: { sums: `${nats}/SHA256SUMS` },
        },
        { kind: 'goModules', commands: { 'github.com/nats-io/nats-server/v2': '/usr/bin/nats-server' } },
      ],
    },
  },
  services: { 'nats.service': { start: 'on-merge' } },
});

export default wasmcloud;

/** Deploys the command line and a NATS server. */
export const butane = defineButane(wasmcloud, {
  parameters: z.strictObject({
    /** Text of `/etc/nats/nats.conf`; the image's own configuration, on loopback alone, when absent. */
    config: z.string().min(1).optional(),
  }),
  example: {},
  provision: ({ config }) =>
    config === undefined ? {} : { files: [{ path: '/etc/nats/nats.conf', mode: 0o640, gid: 853, text: config }] },
});
