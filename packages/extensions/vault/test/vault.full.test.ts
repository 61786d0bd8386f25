import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

const settings = `storage "raft" {
  path    = "/var/lib/vault"
  node_id = "node1"
}
listener "tcp" {
  address     = "127.0.0.1:8200"
  tls_disable = true
}
api_addr     = "http://127.0.0.1:8200"
cluster_addr = "http://127.0.0.1:8201"
disable_mlock = true
`;
const address = 'VAULT_ADDR=http://127.0.0.1:8200';

describePayload('vault', [payload], (boot) => {
  test('starts once it is configured, is initialised, unsealed, and keeps a secret', { timeout: 120_000 }, async () => {
    await using host = await boot();
    await host.waitForUnit('vault.path');
    expect((await host.run(['vault', 'version'])).stdout).toContain('Vault v1.21.0');
    await host.write('/etc/vault.d/vault.hcl', settings, { mode: 0o640, gid: 852 });
    await host.waitForUnit('vault.service');
    const init = ['vault', 'operator', 'init', '-key-shares=1', '-key-threshold=1', '-format=json'];
    const { stdout } = await host.waitUntil(['env', address, ...init]);
    const { unseal_keys_b64: keys, root_token: token } = JSON.parse(stdout) as {
      unseal_keys_b64: string[];
      root_token: string;
    };
    const client = ['env', address, `VAULT_TOKEN=${token}`, 'vault'];
    await host.run([...client, 'operator', 'unseal', keys[0]!]);
    await host.waitUntil([...client, 'secrets', 'enable', '-path=kv', 'kv']);
    await host.run([...client, 'kv', 'put', 'kv/greeting', 'value=hello']);
    expect((await host.run([...client, 'kv', 'get', '-field=value', 'kv/greeting'])).stdout).toBe('hello');
    expect((await host.run(['ps', '-o', 'user=', '-C', 'vault'])).stdout.trim()).toBe('vault');
  });
});
