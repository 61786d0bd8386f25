import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import compose from '../extension.ts';

const plugin = '/usr/local/lib/docker/cli-plugins/docker-compose';

describePayload('docker-compose', [{ extension: compose }], (boot) => {
  test('is a plugin that docker takes, and prints its version', async () => {
    await using host = await boot();
    expect(JSON.parse((await host.run([plugin, 'docker-cli-plugin-metadata'])).stdout)).toMatchObject({
      SchemaVersion: '0.1.0',
      Version: 'v5.5.0',
    });
    expect((await host.run([plugin, 'version'])).stdout).toContain('Docker Compose version v5.5.0');
  });
});
