import { machineArch } from '@sysext/core';
import { ociArchive } from '@sysext/payload';
import type { Host } from '@sysext/test-host';
import { sayingElf } from '@sysext/testing';

const arch = machineArch()!;
const name = 'test.example/hello:1';
const archive = ociArchive({ name, arch, program: sayingElf(arch, 'hello\n', 'exit') });

/** Runs a container by containerd and runc; returns what it said. */
export async function sayHello(host: Host): Promise<string> {
  await host.write('/var/tmp/hello.tar', archive);
  await host.run(['ctr', 'image', 'import', '/var/tmp/hello.tar']);
  // Without a weight, since a test host may have no controller of cgroup v2.
  return (await host.run(['ctr', 'run', '--rm', '--cpu-shares=0', name, 'one'])).stdout;
}
