import { machineArch } from '@sysext/core';
import { ociArchive } from '@sysext/payload';
import type { Host, HostFiles } from '@sysext/test-host';
import { sayingElf } from '@sysext/testing';
import { adaptHost, adaptRuntime } from './container-host.ts';

const arch = machineArch()!;
const images = {
  pause: ociArchive({ name: 'test.example/pause:1', arch, program: sayingElf(arch, '', 'stay') }),
  hello: ociArchive({ name: 'test.example/hello:1', arch, program: sayingElf(arch, 'hello\n', 'stay') }),
};

const configuration = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
failSwapOn: false
resolvConf: ''
# A test host may have no controllers of cgroup v2, and its disk is as full as the machine's.
cgroupsPerQOS: false
enforceNodeAllocatable: []
evictionHard: { nodefs.available: '0%' }
`;

const pod = `apiVersion: v1
kind: Pod
metadata: { name: hello, namespace: default }
spec:
  hostNetwork: true
  containers: [{ name: hello, image: 'test.example/hello:1', imagePullPolicy: Never }]
`;

/** What a kubelet without a cluster runs, once it has its configuration. */
export const nodeFiles: HostFiles = {
  '/etc/kubernetes/manifests/hello.yaml': pod,
  '/etc/default/kubelet': 'KUBELET_KUBECONFIG_ARGS=\n',
};

/** Gets a host with {@link nodeFiles} to where the kubelet lacks nothing but its configuration. */
export async function prepareNode(host: Host): Promise<void> {
  await host.waitForUnit('containerd.service');
  await adaptHost(host);
  await adaptRuntime(host, 'test.example/pause:1');
  for (const [name, archive] of Object.entries(images)) {
    await host.write(`/var/tmp/${name}.tar`, archive);
    await host.run(['ctr', '--namespace', 'k8s.io', 'image', 'import', `/var/tmp/${name}.tar`]);
  }
}

/** Configures the kubelet, and waits for its pod; returns what the container in it said. */
export async function runPod(host: Host): Promise<string> {
  await host.write('/var/lib/kubelet/config.yaml', configuration);
  await host.waitForUnit('kubelet.service');
  const crictl = ['crictl', '--runtime-endpoint', 'unix:///run/containerd/containerd.sock'];
  const running = [...crictl, 'ps', '--quiet', '--name', 'hello', '--state', 'running'];
  const { stdout: id } = await host.waitUntil(running, { timeout: 60_000, accept: ({ stdout }) => stdout !== '' });
  return (await host.run([...crictl, 'logs', id])).stdout;
}
