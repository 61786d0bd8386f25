import { type ButaneFile, composeButane, defineButane, renderButane } from '@sysext/core';
import { describeIgnition, transpile, validate } from '@sysext/ignition';
import { expect, test } from 'vitest';
import etcd, { butane } from '../extension.ts';

type EtcdOnly = Omit<Parameters<typeof butane>[0], keyof typeof common>;

const common = {
  baseUrl: 'https://sysext.example/',
  image: { version: 'v3.5.21', arch: 'x86-64', sha256: 'ab'.repeat(32) },
  verify: false,
} as const;

const member: EtcdOnly = { name: 'node1', address: '10.0.0.1' };

async function filesOf(own: EtcdOnly): Promise<Map<string, ButaneFile>> {
  const { content } = await butane({ ...common, ...own });
  return new Map(content.files.map((file) => [file.path, file]));
}

async function variables(own: EtcdOnly, path = '/etc/etcd/etcd.env'): Promise<Record<string, string>> {
  const file = (await filesOf(own)).get(path)! as { text: string };
  return Object.fromEntries(file.text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(/=(.*)/s, 2)])));
}

const problemsOf = async (own: object): Promise<unknown> =>
  await butane({ ...common, ...member, ...own }).then(
    () => [],
    (error: { data: { problems: unknown } }) => error.data.problems,
  );

test('a name and an address make a cluster of one, over TLS', async () => {
  expect(await variables(member)).toEqual({
    ETCD_NAME: 'node1',
    ETCD_LISTEN_CLIENT_URLS: 'https://0.0.0.0:2379',
    ETCD_ADVERTISE_CLIENT_URLS: 'https://10.0.0.1:2379',
    ETCD_LISTEN_PEER_URLS: 'https://0.0.0.0:2380',
    ETCD_INITIAL_ADVERTISE_PEER_URLS: 'https://10.0.0.1:2380',
    ETCD_INITIAL_CLUSTER: 'node1=https://10.0.0.1:2380',
    ETCD_INITIAL_CLUSTER_STATE: 'new',
    ETCD_INITIAL_CLUSTER_TOKEN: 'etcd-cluster',
    ETCD_CERT_FILE: '/etc/etcd/pki/server.crt',
    ETCD_KEY_FILE: '/etc/etcd/pki/server.key',
    ETCD_TRUSTED_CA_FILE: '/etc/etcd/pki/ca.crt',
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_FILE: '/etc/etcd/pki/peer.crt',
    ETCD_PEER_KEY_FILE: '/etc/etcd/pki/peer.key',
    ETCD_PEER_TRUSTED_CA_FILE: '/etc/etcd/pki/ca.crt',
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
  });
  expect(await variables(member, '/etc/etcd/etcdctl.env')).toEqual({
    ETCDCTL_ENDPOINTS: 'https://10.0.0.1:2379',
    ETCDCTL_CACERT: '/etc/etcd/pki/ca.crt',
    ETCDCTL_CERT: '/etc/etcd/pki/client.crt',
    ETCDCTL_KEY: '/etc/etcd/pki/client.key',
  });
});

test('words of a command line are understood as the same', async () => {
  const typed: EtcdOnly = {
    ...member,
    initialCluster: { node1: 'http://10.0.0.1:2380', node2: 'http://[fd00::2]:2380' },
    listenClientUrls: ['http://10.0.0.1:2379', 'http://127.0.0.1:2379'],
    gomaxprocs: 2,
    tls: false,
  };
  const words = {
    ...member,
    initialCluster: 'node1=http://10.0.0.1:2380,node2=http://[fd00::2]:2380',
    listenClientUrls: 'http://10.0.0.1:2379,http://127.0.0.1:2379',
    gomaxprocs: '2',
    tls: 'false',
  };
  expect(await variables(words as EtcdOnly)).toEqual(await variables(typed));
  expect(await variables(typed)).toMatchObject({ GOMAXPROCS: '2' });
  expect(await variables(typed)).not.toHaveProperty('ETCD_CERT_FILE');
  expect(await variables(typed, '/etc/etcd/etcdctl.env')).toEqual({
    ETCDCTL_ENDPOINTS: 'http://10.0.0.1:2379,http://[fd00::2]:2379',
  });
});

test('certificates are for all to read, keys for the server alone', async () => {
  const pem = (what: string): string => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
  const files = await filesOf({
    ...member,
    tls: { peerCert: '/etc/etcd/pki/server.crt', clientKey: '/etc/ssl/etcd/client.key' },
    certificates: {
      ca: pem('CERTIFICATE'),
      key: pem('EC PRIVATE KEY').trimEnd(),
      clientKey: pem('PRIVATE KEY'),
      cert: pem('CERTIFICATE'),
      peerCert: pem('CERTIFICATE'),
    },
  });
  expect(files.get('/etc/etcd/pki/ca.crt')).toEqual({ path: '/etc/etcd/pki/ca.crt', text: pem('CERTIFICATE') });
  expect(files.get('/etc/etcd/pki/server.key')).toEqual({
    path: '/etc/etcd/pki/server.key',
    mode: 0o640,
    gid: 232,
    text: pem('EC PRIVATE KEY'),
  });
  expect(files.get('/etc/ssl/etcd/client.key')).toMatchObject({ mode: 0o640, gid: 232 });
});

const refused: [own: object, problem: string][] = [
  [{ name: 'a b' }, 'name: '],
  [{ name: '' }, 'name: '],
  [{ address: 'node1/../x' }, 'address: '],
  [{ address: 'fd00::1' }, 'address: '],
  [{ metricsUrl: 'http://127.0.0.1:2381\nETCD_X=y' }, 'metricsUrl: '],
  [{ initialCluster: 'node1' }, 'initialCluster.node1: '],
  [{ initialCluster: {} }, 'initialCluster: lacks node1'],
  [{ initialCluster: { node2: 'https://10.0.0.2:2380' } }, 'initialCluster: lacks node1'],
  [{ initialCluster: { node1: 'https://10.0.0.9:2380' } }, 'initialCluster: has https://10.0.0.9:2380 for node1'],
  [{ initialClusterState: 'joining' }, 'initialClusterState: '],
  [{ initialClusterToken: 'a"b' }, 'initialClusterToken: '],
  [{ listenPeerUrls: ['http://0.0.0.0:2380'] }, 'listenPeerUrls: http://0.0.0.0:2380 is not https://'],
  [{ tls: { cert: 'relative.crt' } }, 'tls.cert: '],
  [{ tls: { cert: '/etc/../x' } }, 'tls.cert: '],
  [{ tls: { crt: '/etc/x' } }, 'tls: '],
  [{ certificates: { key: 'not pem' } }, 'certificates.key: '],
  [{ tls: false, certificates: { ca: '-----BEGIN X-----\n-----END X-----' } }, 'certificates: are of no use'],
  [{ gomaxprocs: 0 }, 'gomaxprocs: '],
  [{ gomaxprocs: 'many' }, 'gomaxprocs: '],
  [{ environment: { ETCD_NAME: 'x' } }, 'environment.ETCD_NAME: is set by another parameter'],
  [{ environment: { etcd: 'x' } }, 'environment.etcd: '],
  ...['a\nb', '"a"', "'a'", 'a\\', '%h', '$HOME', '`id`', ' a', 'a ', 'é'].map((value): [object, string] => [
    { environment: { ETCD_X: value } },
    'environment.ETCD_X: ',
  ]),
  [{ endpoints: 'localhost' }, 'endpoints.0: '],
  [{ data: '/var/lib/etcd' }, 'parameters: Unrecognized key: "data"'],
];

test.each(refused)('%j is refused', async (own, problem) => {
  expect(await problemsOf(own)).toEqual([expect.stringContaining(problem)]);
});

test.each(['', '8589934592', 'a b', 'auto', 'a=b,c:d/e', '[::1]', '#1', '~', '(x)'])(
  'a variable may be %j',
  async (value) => {
    expect(await problemsOf({ environment: { ETCD_X: value } })).toEqual([]);
  },
);

describeIgnition('by the real Butane and Ignition', () => {
  test.each([
    [member],
    [{ ...member, tls: false, gomaxprocs: 1, metricsUrl: 'http://127.0.0.1:2381' } as const],
    [{ ...member, environment: { ETCD_QUOTA_BACKEND_BYTES: '8589934592' }, initialClusterState: 'existing' } as const],
  ])('the document for %j is in order', async (own) => {
    for (const more of [{}, { update: false }, { series: '3.5' }]) {
      const document = composeButane([await butane({ ...common, ...own, ...more })]);
      await validate(await transpile(renderButane(document)));
    }
  });

  test('it goes together with an extension that takes the place of one of Flatcar', async () => {
    const other = { ...etcd, name: 'docker', conflicts: ['docker-flatcar'] };
    const image = { ...common.image, version: 'v28.0.0' };
    const fragments = [await butane({ ...common, ...member }), await defineButane(other)({ ...common, image })];
    const document = composeButane(fragments);
    await validate(await transpile(renderButane(document)));
    expect(document.files.filter(({ path }) => path === '/opt/bin/sysext-update')).toHaveLength(1);
    expect(document.links.map(({ path }) => path)).toEqual([
      '/etc/extensions/docker-flatcar.raw',
      '/etc/extensions/docker.raw',
      '/etc/extensions/etcd.raw',
      '/etc/systemd/system/multi-user.target.wants/etcd.service',
      '/etc/systemd/system/timers.target.wants/sysext-update@docker.timer',
      '/etc/systemd/system/timers.target.wants/sysext-update@etcd.timer',
    ]);
    expect(() => composeButane([...fragments, fragments[0]!])).toThrow('etcd is there more than once (etcd, etcd)');
  });
});
