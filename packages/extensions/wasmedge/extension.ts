import { defineButane, defineExtension } from '@sysext/core';

const wasmedge = defineExtension(import.meta.dirname, {
  name: 'wasmedge',
  summary: 'WebAssembly runtime with its compiler and library, extensible by plugins',
  homepage: 'https://wasmedge.org/',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'WasmEdge/WasmEdge', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      downloads: [
        {
          url: 'https://github.com/WasmEdge/WasmEdge/releases/download/{version}/WasmEdge-{version}-manylinux_2_28_{arch}.tar.gz',
          arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
          // One directory for all of it: programs find the library, and the library plugins, by where they are.
          take: {
            'bin/wasmedge': '/usr/lib/wasmedge/bin/',
            'bin/wasmedgec': '/usr/lib/wasmedge/bin/',
            'lib64/libwasmedge.so*': '/usr/lib/wasmedge/lib64/',
          },
          verify: { sums: 'https://github.com/WasmEdge/WasmEdge/releases/download/{version}/SHA256SUM' },
        },
      ],
    },
  ],
  links: {
    '/usr/bin/wasmedge': '../lib/wasmedge/bin/wasmedge',
    '/usr/bin/wasmedgec': '../lib/wasmedge/bin/wasmedgec',
  },
});

export default wasmedge;

export const butane = defineButane(wasmedge);
