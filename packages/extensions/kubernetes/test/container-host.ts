import type { Host } from '@sysext/test-host';

/** Takes what needs a controller of cgroup v2 out of a container's configuration, and leaves the rest to runc. */
const withoutControllers = `#!/bin/sh
set -eu
bundle=
previous=
for argument; do
  [ "$previous" != --bundle ] || bundle=$argument
  previous=$argument
done
[ -z "$bundle" ] || sed -i -E 's/"(cpu|memory|unified)":\\{[^{}]*\\}/"\\1":{}/g' "$bundle/config.json"
exec runc "$@"
`;

/** What the kubelet sets, and a host in a container cannot. */
const kernelSettings = { 'kernel/panic': 10, 'kernel/panic_on_oops': 1, 'vm/overcommit_memory': 1 };

/** Gives the kubelet what a test host lacks: the log of the kernel, and settings of the kernel as it wants them. */
export async function adaptHost(host: Host): Promise<void> {
  await host.run(['mknod', '/dev/kmsg', 'c', '1', '11']);
  for (const [setting, value] of Object.entries(kernelSettings)) {
    const stand = `/run/settings/${setting}`;
    await host.write(stand, `${value}\n`);
    await host.run(['mount', '--bind', stand, `/proc/sys/${setting}`]);
  }
}

/** Has containerd use an image that is there for pods, and do without the controllers that the machine has not. */
export async function adaptRuntime(host: Host, sandbox: string): Promise<void> {
  const { stdout: controllers } = await host.run(['cat', '/sys/fs/cgroup/cgroup.controllers']);
  const program = controllers.split(' ').includes('cpu') ? 'runc' : '/opt/bin/runc-without-controllers';
  await host.write('/opt/bin/runc-without-controllers', withoutControllers, { mode: 0o755 });
  await host.write(
    '/etc/containerd/conf.d/test.toml',
    `version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${sandbox}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false
BinaryName = "${program}"
`,
  );
  await host.run(['systemctl', 'restart', 'containerd.service']);
}
