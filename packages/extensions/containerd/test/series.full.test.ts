import { readLock } from '@sysext/core';
import { describePayload } from '@sysext/payload';
import { describe, expect, test } from 'vitest';
import containerd from '../extension.ts';
import { sayHello } from './hello.ts';
import { payload } from './payload.ts';

const { versions } = await readLock(containerd.directory);

describe.each(Object.keys(versions))('%s', (version) => {
  describePayload('containerd', [{ ...payload, version }], (boot) => {
    test('reads its settings, and runs a container', async () => {
      await using host = await boot();
      await host.waitForUnit('containerd.service');
      expect((await host.run(['containerd', '--version'])).stdout).toContain(version);
      expect((await host.run(['containerd', 'config', 'dump'])).stdout).toMatch(/SystemdCgroup = true/);
      expect(await sayHello(host)).toBe('hello');
    });
  });
});
