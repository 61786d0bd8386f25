import { join } from 'node:path';
import { machineArch } from '@sysext/core';
import { type Host, type HostFiles, type Hosts, type Network, bootHost, bootHosts } from '@sysext/test-host';
import { type Authority, createAuthority } from '@sysext/testing';

/** The image that `build` made: the one that would be published. */
export const image = join(import.meta.dirname, '..', 'dist', `etcd-v3.5.21-${machineArch()}.raw`);

/** Id of the user etcd, as `sysusers.d` has it. */
const etcdId = 232;
const pki = '/etc/etcd/pki';

/** What an operator provisions for a member: certificates, and the settings of server and client. */
async function memberFiles(authority: Authority, name: string, members: readonly string[]): Promise<HostFiles> {
  const { certificate, key } = await authority.issue([name, 'localhost', '127.0.0.1']);
  const server = {
    ETCD_NAME: name,
    ETCD_LISTEN_CLIENT_URLS: 'https://0.0.0.0:2379',
    ETCD_ADVERTISE_CLIENT_URLS: `https://${name}:2379`,
    ETCD_LISTEN_PEER_URLS: 'https://0.0.0.0:2380',
    ETCD_INITIAL_ADVERTISE_PEER_URLS: `https://${name}:2380`,
    ETCD_INITIAL_CLUSTER: members.map((member) => `${member}=https://${member}:2380`).join(','),
    ETCD_CERT_FILE: `${pki}/server.crt`,
    ETCD_KEY_FILE: `${pki}/server.key`,
    ETCD_TRUSTED_CA_FILE: `${pki}/ca.crt`,
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_FILE: `${pki}/server.crt`,
    ETCD_PEER_KEY_FILE: `${pki}/server.key`,
    ETCD_PEER_TRUSTED_CA_FILE: `${pki}/ca.crt`,
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
  };
  const client = {
    ETCDCTL_ENDPOINTS: members.map((member) => `https://${member}:2379`).join(','),
    ETCDCTL_CACERT: `${pki}/ca.crt`,
    ETCDCTL_CERT: `${pki}/server.crt`,
    ETCDCTL_KEY: `${pki}/server.key`,
  };
  return {
    [`${pki}/ca.crt`]: authority.certificate,
    [`${pki}/server.crt`]: certificate,
    [`${pki}/server.key`]: { text: key, mode: 0o640, gid: etcdId },
    '/etc/etcd/etcd.env': environment(server),
    '/etc/etcd/etcdctl.env': environment(client),
  };
}

function environment(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([variable, value]) => `${variable}=${value}\n`)
    .join('');
}

/** A host with the image merged and provisioned as a cluster of one; etcd is not started. */
export async function bootMember(): Promise<Host> {
  const files = await memberFiles(await createAuthority(), 'localhost', ['localhost']);
  return await bootHost({ images: { etcd: image }, files });
}

/** Three hosts on a network, provisioned as the members of one cluster; etcd is not started. */
export async function bootCluster(network: Network): Promise<Hosts> {
  const authority = await createAuthority();
  const names = ['node1', 'node2', 'node3'];
  const options = names.map(async (name) => ({
    name,
    network,
    images: { etcd: image },
    files: await memberFiles(authority, name, names),
  }));
  return await bootHosts(await Promise.all(options));
}

/** A command in a login shell, where the image's profile tells etcdctl which cluster to talk to. */
export function login(command: string): string[] {
  return ['bash', '--login', '-c', command];
}
