import { defineButane, defineExtension } from '@sysext/core';
import * as z from 'zod';
import { environment } from './environment.ts';

const file = 'https://github.com/ollama/ollama/releases/download/{version}/ollama-linux-{arch}';
const common = {
  take: { 'bin/ollama': '/usr/bin/', 'lib/ollama/': '/usr/lib/ollama/' },
  verify: { sums: 'https://github.com/ollama/ollama/releases/download/{version}/sha256sum.txt' },
};

const ollama = defineExtension(import.meta.dirname, {
  name: 'ollama',
  summary: 'Server for large language models, with libraries for GPUs',
  homepage: 'https://ollama.com/',
  licence: 'MIT AND LicenseRef-NVIDIA-CUDA',
  versions: { from: 'github-releases', repo: 'ollama/ollama', match: 'v\\d+\\.\\d+\\.\\d+' },
  sources: [
    {
      kind: 'release',
      downloads: [
        { url: `${file}.tar.zst`, ...common, when: { from: 'v0.14.0' } },
        { url: `${file}.tgz`, format: 'tar.gz', ...common, when: { before: 'v0.14.0' } },
      ],
    },
  ],
  services: { 'ollama.service': { start: 'on-merge' } },
});

export default ollama;

/** Deploys the server, with variables such as `OLLAMA_HOST`. */
export const butane = defineButane(ollama, {
  parameters: z.strictObject({ environment: environment.default({}) }),
  example: { environment: { OLLAMA_KEEP_ALIVE: '30m' } },
  provision: ({ environment: variables }) => ({
    files: [
      {
        path: '/etc/ollama/ollama.env',
        text: Object.entries(variables)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      },
    ],
  }),
});
