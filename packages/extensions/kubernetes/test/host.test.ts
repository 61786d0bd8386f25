import { machineArch } from '@sysext/core';
import containerd from '@sysext/containerd';
import { buildRunc, describePayload, ociArchive } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { sayingElf } from '@sysext/testing';
import { expect, test } from 'vitest';
import kubernetes from '../extension.ts';
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

const payloads = [{ extension: kubernetes }, { extension: containerd, programs: { runc: buildRunc } }];

describePayload('kubernetes', payloads, (boot) => {
  test('its programs are of its version, and plugins are where runtimes look', async () => {
    await using host = await boot();
    const version = expect.stringContaining('v1.36.4');
    expect(await host.run(['kubelet', '--version'])).toMatchObject({ stdout: version });
    expect(await host.run(['kubeadm', 'version', '--output=short'])).toMatchObject({ stdout: version });
    expect(await host.run(['kubectl', 'version', '--client'])).toMatchObject({ stdout: version });
    expect(await host.run(['crictl', '--version'])).toMatchObject({ stdout: expect.stringContaining('v1.36.0') });
    const environment = 'CNI_COMMAND=VERSION';
    const { stdout } = await host.run(['env', environment, '/opt/cni/bin/bridge'], { stdin: '{"cniVersion":"1.0.0"}' });
    expect(JSON.parse(stdout)).toMatchObject({ supportedVersions: expect.arrayContaining(['1.0.0']) });
    const plugins = await host.run(['ls', '/opt/cni/bin', '/usr/libexec/cni']);
    const [links, files] = plugins.stdout.split('\n\n').map((text) => text.split('\n').slice(1));
    expect(links).toEqual(files);
    await host.run(['test', '-w', '/var/kubernetes/kubelet-plugins/volume/exec']);
  });

  test('waits for its configuration, and then runs a pod by containerd', { timeout: 180_000 }, async () => {
    const files = { '/etc/kubernetes/manifests/hello.yaml': pod, '/etc/default/kubelet': 'KUBELET_KUBECONFIG_ARGS=\n' };
    await using network = await createNetwork();
    await using host = await boot({ name: 'node', network, files });
    await host.waitForUnit('containerd.service');
    await adaptHost(host);
    await adaptRuntime(host, 'test.example/pause:1');
    for (const [name, archive] of Object.entries(images)) {
      await host.write(`/var/tmp/${name}.tar`, archive);
      await host.run(['ctr', '--namespace', 'k8s.io', 'image', 'import', `/var/tmp/${name}.tar`]);
    }
    await host.waitForUnit('kubelet.path');
    await host.waitForUnit('kubelet.service', 'inactive');

    await host.write('/var/lib/kubelet/config.yaml', configuration);
    await host.waitForUnit('kubelet.service');
    const crictl = ['crictl', '--runtime-endpoint', 'unix:///run/containerd/containerd.sock'];
    const running = [...crictl, 'ps', '--quiet', '--name', 'hello', '--state', 'running'];
    const { stdout: id } = await host.waitUntil(running, { timeout: 60_000, accept: ({ stdout }) => stdout !== '' });
    const { stdout } = await host.run([...crictl, 'logs', id]);
    expect(stdout).toBe('hello');
    const pods = await host.run(['curl', '--silent', '--insecure', 'https://localhost:10250/pods']);
    expect(JSON.parse(pods.stdout)).toMatchObject({ items: [{ metadata: { name: 'hello-node' } }] });
  });
});
