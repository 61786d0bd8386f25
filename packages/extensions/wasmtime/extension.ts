import { defineButane, defineExtension } from '@sysext/core';

const wasmtime = defineExtension(import.meta.dirname, {
  name: 'wasmtime',
  summary: 'WebAssembly runtime of the Bytecode Alliance',
  homepage: 'https://wasmtime.dev/',
  licence: 'Apache-2.0 WITH LLVM-exception',
  versions: { from: 'github-releases', repo: 'bytecodealliance/wasmtime', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/bytecodealliance/wasmtime/releases/download/{version}/wasmtime-{version}-{arch}-linux.tar.xz',
      arch: { 'x86-64': 'x86_64', arm64: 'aarch64' },
      strip: 1,
      take: { wasmtime: '/usr/bin/' },
      verify: { githubAsset: true },
    },
  ],
});

export default wasmtime;

export const butane = defineButane(wasmtime);
