import { defineButane, defineExtension } from '@sysext/core';

const release = 'https://github.com/WasmEdge/WasmEdge/releases/download/{version}';
const common = {
  arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
  verify: { sums: `${release}/SHA256SUM` },
};
// One directory for all of it: programs find the library, and the library plugins, by where they are.
const take = {
  'bin/wasmedge': '/usr/lib/wasmedge/bin/',
  'lib64/libwasmedge.so*': '/usr/lib/wasmedge/lib64/',
};

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
          url: `${release}/WasmEdge-{version}-manylinux_2_28_{arch}.tar.gz`,
          ...common,
          take: { ...take, 'bin/wasmedgec': '/usr/lib/wasmedge/bin/' },
          when: { from: '0.15.0' },
        },
        {
          url: `${release}/WasmEdge-{version}-manylinux2014_{arch}.tar.gz`,
          ...common,
          strip: 1,
          take,
          when: { before: '0.15.0' },
        },
      ],
    },
    {
      kind: 'debian',
      suite: 'trixie',
      packages: ['wasmedge'],
      take: { 'usr/bin/wasmedge': '/usr/lib/wasmedge/bin/' },
      when: { before: '0.15.0' },
    },
  ],
  series: '^(\\d+\\.\\d+)\\.',
  links: {
    '/usr/bin/wasmedge': '../lib/wasmedge/bin/wasmedge',
    // Debian's build is without it; `wasmedge compile` is the same.
    '/usr/bin/wasmedgec': [{ target: '../lib/wasmedge/bin/wasmedgec', when: { from: '0.15.0' } }],
  },
});

export default wasmedge;

export const butane = defineButane(wasmedge);
