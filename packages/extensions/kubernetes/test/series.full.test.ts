import { readLock } from '@sysext/core';
import containerd from '@sysext/containerd';
import { buildRunc, describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { describe, expect, test } from 'vitest';
import kubernetes from '../extension.ts';
import { nodeFiles, prepareNode, runPod } from './node.ts';

const lock = await readLock(kubernetes.directory);
const others = Object.keys(lock.versions).filter((version) => version !== lock.default);

describe.each(others)('%s', (version) => {
  const payloads = [
    { extension: kubernetes, version },
    { extension: containerd, programs: { runc: buildRunc } },
  ];
  describePayload('kubernetes', payloads, (boot) => {
    test('runs a pod by containerd', { timeout: 180_000 }, async () => {
      await using network = await createNetwork();
      await using host = await boot({ name: 'node', network, files: nodeFiles });
      expect((await host.run(['kubelet', '--version'])).stdout).toBe(`Kubernetes ${version}`);
      await prepareNode(host);
      expect(await runPod(host)).toBe('hello');
    });
  });
});
