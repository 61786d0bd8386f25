import type { ButaneFile, Provision } from '@sysext/core';
import type { EtcdParameters, Tls } from './parameters.ts';

/** Group `etcd`, as Flatcar's image and the extension's `sysusers.d` have it. */
const etcdGroup = 232;

/** What a member of a cluster needs on its host: settings for server and client, and certificates. */
export function provision(parameters: EtcdParameters): Provision {
  const { tls, certificates } = parameters;
  return {
    directories: [
      { path: '/etc/etcd', mode: 0o755 },
      // Keys are in it before the image, with its tmpfiles.d, is there.
      { path: '/etc/etcd/pki', mode: 0o750, gid: etcdGroup },
    ],
    files: [
      { path: '/etc/etcd/etcd.env', text: environment(serverVariables(parameters)) },
      { path: '/etc/etcd/etcdctl.env', text: environment(clientVariables(parameters)) },
      ...(tls === false ? [] : certificateFiles(tls, certificates)),
    ],
    start: ['etcd.service'],
  };
}

function serverVariables(parameters: EtcdParameters): Record<string, string> {
  const { name, tls, metricsUrl, gomaxprocs } = parameters;
  const { scheme, clientUrls, peerUrls } = addressesOf(parameters);
  const cluster = parameters.initialCluster ?? { [name]: peerUrls[0]! };
  return {
    ETCD_NAME: name,
    ETCD_LISTEN_CLIENT_URLS: (parameters.listenClientUrls ?? [`${scheme}://0.0.0.0:2379`]).join(','),
    ETCD_ADVERTISE_CLIENT_URLS: clientUrls.join(','),
    ETCD_LISTEN_PEER_URLS: (parameters.listenPeerUrls ?? [`${scheme}://0.0.0.0:2380`]).join(','),
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrls.join(','),
    ETCD_INITIAL_CLUSTER: Object.entries(cluster)
      .map(([member, url]) => `${member}=${url}`)
      .join(','),
    ETCD_INITIAL_CLUSTER_STATE: parameters.initialClusterState,
    ETCD_INITIAL_CLUSTER_TOKEN: parameters.initialClusterToken,
    ...(tls === false
      ? {}
      : {
          ETCD_CERT_FILE: tls.cert,
          ETCD_KEY_FILE: tls.key,
          ETCD_TRUSTED_CA_FILE: tls.ca,
          ETCD_CLIENT_CERT_AUTH: 'true',
          ETCD_PEER_CERT_FILE: tls.peerCert,
          ETCD_PEER_KEY_FILE: tls.peerKey,
          ETCD_PEER_TRUSTED_CA_FILE: tls.peerCa,
          ETCD_PEER_CLIENT_CERT_AUTH: 'true',
        }),
    ...(metricsUrl === undefined ? {} : { ETCD_LISTEN_METRICS_URLS: metricsUrl }),
    ...(gomaxprocs === undefined ? {} : { GOMAXPROCS: String(gomaxprocs) }),
    ...parameters.environment,
  };
}

function clientVariables(parameters: EtcdParameters): Record<string, string> {
  const { tls, name, initialCluster = {} } = parameters;
  const { clientUrls } = addressesOf(parameters);
  // The other members' client URLs are not known here; their ports are taken to be the same.
  const port = new RegExp(/:\d+$/).exec(clientUrls[0]!)![0];
  const others = Object.entries(initialCluster).flatMap(([member, url]) =>
    member === name ? [] : [url.replace(/:\d+$/, port)],
  );
  return {
    ETCDCTL_ENDPOINTS: (parameters.endpoints ?? [...clientUrls, ...others]).join(','),
    ...(tls === false ? {} : { ETCDCTL_CACERT: tls.ca, ETCDCTL_CERT: tls.clientCert, ETCDCTL_KEY: tls.clientKey }),
  };
}

function addressesOf({ address, tls, advertiseClientUrls, advertisePeerUrls }: EtcdParameters): {
  scheme: string;
  clientUrls: readonly string[];
  peerUrls: readonly string[];
} {
  const scheme = tls === false ? 'http' : 'https';
  return {
    scheme,
    clientUrls: advertiseClientUrls ?? [`${scheme}://${address}:2379`],
    peerUrls: advertisePeerUrls ?? [`${scheme}://${address}:2380`],
  };
}

function environment(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([variable, value]) => `${variable}=${value}\n`)
    .join('');
}

/** Certificates for everyone to read, keys for root and the server alone. One path may serve several purposes. */
function certificateFiles(tls: Tls, certificates: EtcdParameters['certificates']): ButaneFile[] {
  const files = Object.entries(certificates).flatMap(([purpose, text]) => {
    if (text === undefined) return [];
    const path = tls[purpose as keyof Tls];
    const mode = /key$/i.test(purpose) ? { mode: 0o640, gid: etcdGroup } : {};
    return [{ path, text: text.endsWith('\n') ? text : `${text}\n`, ...mode }];
  });
  return [...new Map(files.map((file) => [`${file.path}\0${file.text}`, file])).values()];
}
