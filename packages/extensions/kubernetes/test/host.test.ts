import containerd from '@sysext/containerd';
import { buildRunc, describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { expect, test } from 'vitest';
import kubernetes from '../extension.ts';
import { nodeFiles, prepareNode, runPod } from './node.ts';

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
    await using network = await createNetwork();
    await using host = await boot({ name: 'node', network, files: nodeFiles });
    await prepareNode(host);
    await host.waitForUnit('kubelet.path');
    await host.waitForUnit('kubelet.service', 'inactive');

    expect(await runPod(host)).toBe('hello');
    const pods = await host.run(['curl', '--silent', '--insecure', 'https://localhost:10250/pods']);
    expect(JSON.parse(pods.stdout)).toMatchObject({ items: [{ metadata: { name: 'hello-node' } }] });

    // kubeadm stops the kubelet, and takes away its configuration and its pods.
    await host.run(['kubeadm', 'reset', '--force'], { timeout: 60_000 });
    await host.waitForUnit('kubelet.service', 'inactive');
    expect((await host.run(['ctr', '--namespace', 'k8s.io', 'task', 'ls', '--quiet'])).stdout).toBe('');
    expect((await host.run(['ls', '/var/lib/kubelet'])).stdout).toBe('');
  });
});
