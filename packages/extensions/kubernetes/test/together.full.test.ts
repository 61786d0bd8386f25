import containerd from '@sysext/containerd';
import etcd from '@sysext/etcd';
import keepalived from '@sysext/keepalived';
import nebula from '@sysext/nebula';
import { buildRunc, describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import kubernetes from '../extension.ts';
import { nodeFiles, prepareNode, runPod } from './node.ts';

const files = {
  ...nodeFiles,
  '/etc/etcd/etcd.env': 'ETCD_NAME=node\n',
};

const overlay = `pki: { ca: /etc/nebula/ca.crt, cert: /etc/nebula/node.crt, key: /etc/nebula/node.key }
lighthouse: { am_lighthouse: true }
listen: { host: 0.0.0.0, port: 4242 }
tun: { dev: nebula1 }
firewall:
  outbound: [{ port: any, proto: any, host: any }]
  inbound: [{ port: any, proto: any, host: any }]
`;

const shared = `vrrp_instance control_plane {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 100
  advert_int 1
  virtual_ipaddress { 10.99.0.1/32 }
}
`;

const payloads = [
  { extension: kubernetes },
  { extension: containerd, programs: { runc: buildRunc } },
  { extension: etcd },
  { extension: nebula },
  { extension: keepalived },
];

describePayload('extensions of a control plane, merged together', payloads, (boot) => {
  test('run on one host', { timeout: 180_000 }, async () => {
    await using network = await createNetwork();
    await using host = await boot({ name: 'node', network, files });
    await host.run(['systemctl', 'start', 'etcd.service']);
    await host.run(['etcdctl', 'put', 'key', 'value']);
    expect((await host.run(['etcdctl', 'get', '--print-value-only', 'key'])).stdout).toBe('value');

    const at = (name: string): string => `/etc/nebula/${name}`;
    await host.run(['nebula-cert', 'ca', '-name', 'test', '-out-crt', at('ca.crt'), '-out-key', at('ca.key')]);
    const signer = [
      '-ca-crt',
      at('ca.crt'),
      '-ca-key',
      at('ca.key'),
      '-out-crt',
      at('node.crt'),
      '-out-key',
      at('node.key'),
    ];
    await host.run(['nebula-cert', 'sign', '-name', 'node', '-ip', '192.168.100.1/24', ...signer]);
    await host.write('/etc/nebula/config.yaml', overlay);
    await host.waitForUnit('nebula.service');
    expect((await host.run(['ip', '-4', 'address', 'show', 'nebula1'])).stdout).toContain('192.168.100.1/24');

    await host.write('/etc/keepalived/keepalived.conf', shared);
    await host.waitForUnit('keepalived.service');
    await host.waitUntil(['ip', '-4', 'address', 'show', 'eth0'], {
      accept: ({ stdout }) => stdout.includes('10.99.0.1/32'),
    });

    await prepareNode(host);
    expect(await runPod(host)).toBe('hello');
    const { stdout } = await host.run(['systemctl', 'list-units', '--failed', '--plain', '--no-legend']);
    expect(stdout).toBe('');
  });
});
