import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import buildx from '../extension.ts';

const plugin = '/usr/local/lib/docker/cli-plugins/docker-buildx';

describePayload('docker-buildx', [{ extension: buildx }], (boot) => {
  test('is a plugin that docker takes, and prints its version', async () => {
    await using host = await boot();
    expect(JSON.parse((await host.run([plugin, 'docker-cli-plugin-metadata'])).stdout)).toMatchObject({
      SchemaVersion: '0.1.0',
      Version: 'v0.36.1',
    });
    expect((await host.run([plugin, 'version'])).stdout).toContain('github.com/docker/buildx v0.36.1');
  });
});
