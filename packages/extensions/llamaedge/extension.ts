import { defineButane, defineExtension } from '@sysext/core';

const plugin = 'WasmEdge-plugin-wasi_nn-ggml-{version}-manylinux_2_28_{arch}.tar.gz';

const llamaedge = defineExtension(import.meta.dirname, {
  name: 'llamaedge',
  summary: 'Server for large language models in WebAssembly, with the plugin that runs them',
  homepage: 'https://github.com/LlamaEdge/LlamaEdge',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: 'LlamaEdge/LlamaEdge', match: '\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/LlamaEdge/LlamaEdge/releases/download/{version}/llama-api-server.wasm',
      take: '/usr/share/llamaedge/llama-api-server.wasm',
      verify: { sums: 'https://github.com/LlamaEdge/LlamaEdge/releases/download/{version}/SHA256SUM' },
    },
  ],
  companions: {
    'wasmedge-plugin': {
      versions: { from: 'github-releases', repo: 'WasmEdge/WasmEdge', match: '\\d+\\.\\d+\\.\\d+' },
      sources: [
        {
          kind: 'release',
          url: `https://github.com/WasmEdge/WasmEdge/releases/download/{version}/${plugin}`,
          arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
          take: { 'libwasmedgePluginWasiNN.so': '/usr/lib/wasmedge/lib64/wasmedge/' },
          verify: { sums: 'https://github.com/WasmEdge/WasmEdge/releases/download/{version}/SHA256SUM' },
        },
      ],
    },
  },
  requires: ['wasmedge'],
  requiresVersion: { wasmedge: { exactly: '{wasmedge-plugin}' } },
});

export default llamaedge;

export const butane = defineButane(llamaedge);
