import * as z from 'zod';

/** A name that is safe in an environment file, in a list and in a shell. */
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, ".", "_" and "-", 63 at most');

/** What other machines reach this one by. */
const Host = z
  .string()
  .regex(/^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])$/, 'a host name or an IP address, of version 6 in brackets');

/** `https://10.0.0.1:2379`: nothing but scheme, host and port. */
const Endpoint = z.string().regex(/^https?:\/\/([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, {
  error: 'a URL of scheme, host and port',
  abort: true,
});

/** A list; a command line writes it with commas. */
const Endpoints = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',') : value),
  z.array(Endpoint).min(1),
);

/** Member → its peer URL; a command line writes `a=https://a:2380,b=https://b:2380`, as etcd does. */
const Cluster = z.preprocess(
  (value) => (typeof value === 'string' ? Object.fromEntries(value.split(',').map(splitMember)) : value),
  z.record(Name, Endpoint),
);

function splitMember(member: string): [string, string] {
  const at = member.indexOf('=');
  return at < 0 ? [member, ''] : [member.slice(0, at), member.slice(at + 1)];
}

const Path = z
  .string()
  .regex(/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/, 'an absolute path of letters, digits, ".", "_" and "-"');

const pki = '/etc/etcd/pki';

/** Where certificates and keys lie. */
const Tls = z.strictObject({
  ca: Path.default(`${pki}/ca.crt`),
  cert: Path.default(`${pki}/server.crt`),
  key: Path.default(`${pki}/server.key`),
  peerCa: Path.default(`${pki}/ca.crt`),
  peerCert: Path.default(`${pki}/peer.crt`),
  peerKey: Path.default(`${pki}/peer.key`),
  clientCert: Path.default(`${pki}/client.crt`),
  clientKey: Path.default(`${pki}/client.key`),
});
export type Tls = z.output<typeof Tls>;

/** What is in those files; what is left out has to come to the host in another way. */
const Pem = z.string().regex(/^-----BEGIN [A-Z ]+-----\r?\n[^]*-----END [A-Z ]+-----\s*$/, 'PEM text');
const Certificates = z.strictObject(
  Object.fromEntries(Object.keys(Tls.shape).map((name) => [name, Pem.optional()])) as Record<
    keyof Tls,
    z.ZodOptional<typeof Pem>
  >,
);

/**
 * A value that systemd's EnvironmentFile= takes as it is written: it would unquote, unescape, cut off spaces at the ends
 * and end at a newline.
 */
const Value = z
  .string()
  .regex(
    /^([!#&(-[\]-_a-~]([ !#&(-[\]-_a-~]*[!#&(-[\]-_a-~])?)?$/,
    'printable ASCII without quotes, "\\", "%", "$" and "`", no space at either end',
  );

const Variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable');

/** What has to be known of a member of a cluster. */
export const EtcdParameters = z
  .strictObject({
    /** Of this member, as in `initialCluster`. */
    name: Name,
    /** By what clients and the other members reach it. */
    address: Host,
    /** `https://0.0.0.0:2379` when absent; etcd takes no names here. */
    listenClientUrls: Endpoints.optional(),
    /** `https://<address>:2379` when absent. */
    advertiseClientUrls: Endpoints.optional(),
    /** `https://0.0.0.0:2380` when absent. */
    listenPeerUrls: Endpoints.optional(),
    /** `https://<address>:2380` when absent. */
    advertisePeerUrls: Endpoints.optional(),
    /** All members, this one too; a cluster of one when absent. */
    initialCluster: Cluster.optional(),
    /** `existing` for a member that joins a cluster, after `etcdctl member add`. */
    initialClusterState: z.enum(['new', 'existing']).default('new'),
    /** What tells this cluster from others in the same network. */
    initialClusterToken: Name.default('etcd-cluster'),
    /** Paths of certificates and keys, or false for plain http. */
    tls: z.union([z.literal([false, 'false']).transform(() => false as const), Tls.prefault({})]).prefault({}),
    /** Certificates and keys to write to those paths. They are in the document for everyone who reads it. */
    certificates: Certificates.default({}),
    /** Where etcdctl finds the cluster, in login shells and in the updater; all members' client URLs when absent. */
    endpoints: Endpoints.optional(),
    /** Serve metrics and health here too, without client certificates: `http://127.0.0.1:2381`. */
    metricsUrl: Endpoint.optional(),
    /** Processors to use at once; all when absent. */
    gomaxprocs: z.coerce.number().int().positive().optional(),
    /** Any other flag of etcd, as a variable: `ETCD_QUOTA_BACKEND_BYTES`. */
    environment: z.record(Variable, Value).default({}),
  })
  .superRefine((parameters, context) => {
    const { name, tls, initialCluster, certificates } = parameters;
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    const scheme = tls === false ? 'http:' : 'https:';
    for (const list of ['listenClientUrls', 'advertiseClientUrls', 'listenPeerUrls', 'advertisePeerUrls'] as const) {
      const other = parameters[list]?.find((url) => !url.startsWith(scheme));
      if (other !== undefined)
        problem(
          list,
          `${other} is not ${scheme}//, ${tls === false ? 'and tls is false' : 'which tls: false alone allows'}`,
        );
    }
    if (initialCluster !== undefined && initialCluster[name] === undefined) {
      problem('initialCluster', `lacks ${name}, the member that this is`);
    }
    const own = initialCluster?.[name];
    const advertised = parameters.advertisePeerUrls ?? [`${scheme}//${parameters.address}:2380`];
    if (own !== undefined && !advertised.includes(own)) {
      problem('initialCluster', `has ${own} for ${name}, which advertises ${advertised.join(',')}`);
    }
    if (tls === false && Object.keys(certificates).length > 0) problem('certificates', 'are of no use with tls: false');
    for (const variable of Object.keys(parameters.environment)) {
      if (ownVariables.has(variable)) problem(`environment.${variable}`, 'is set by another parameter');
    }
  });
export type EtcdParameters = z.output<typeof EtcdParameters>;

/** A member of a cluster of three. */
export const example: z.input<typeof EtcdParameters> = {
  name: 'node1',
  address: '10.0.0.1',
  initialCluster: {
    node1: 'https://10.0.0.1:2380',
    node2: 'https://10.0.0.2:2380',
    node3: 'https://10.0.0.3:2380',
  },
  metricsUrl: 'http://127.0.0.1:2381',
  gomaxprocs: 4,
};

/** Variables that `provision` writes. */
const ownVariables = new Set([
  'ETCD_NAME',
  'ETCD_LISTEN_CLIENT_URLS',
  'ETCD_ADVERTISE_CLIENT_URLS',
  'ETCD_LISTEN_PEER_URLS',
  'ETCD_INITIAL_ADVERTISE_PEER_URLS',
  'ETCD_INITIAL_CLUSTER',
  'ETCD_INITIAL_CLUSTER_STATE',
  'ETCD_INITIAL_CLUSTER_TOKEN',
  'ETCD_CERT_FILE',
  'ETCD_KEY_FILE',
  'ETCD_TRUSTED_CA_FILE',
  'ETCD_CLIENT_CERT_AUTH',
  'ETCD_PEER_CERT_FILE',
  'ETCD_PEER_KEY_FILE',
  'ETCD_PEER_TRUSTED_CA_FILE',
  'ETCD_PEER_CLIENT_CERT_AUTH',
  'ETCD_LISTEN_METRICS_URLS',
  'GOMAXPROCS',
]);
