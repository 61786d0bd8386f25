import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

/** A server and a client in one agent. */
const settings = `bind_addr = "127.0.0.1"
advertise {
  http = "127.0.0.1"
  rpc = "127.0.0.1"
  serf = "127.0.0.1"
}
server {
  enabled = true
  bootstrap_expect = 1
}
client {
  enabled = true
  network_interface = "lo"
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
`;

/** A job that ends. Tasks of others than root have to get into the directories that are theirs. */
const job = `job "hello" {
  type = "batch"
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args = ["-c", "id -u; umask; stat --format=%A /var/lib/nomad $NOMAD_ALLOC_DIR/../.. $NOMAD_ALLOC_DIR/.."]
      }
    }
  }
}
`;

describePayload('nomad', [payload], (boot) => {
  test('starts once it is configured, and runs a job to its end', { timeout: 120_000 }, async () => {
    await using host = await boot();
    await host.waitForUnit('nomad.path');
    expect((await host.run(['nomad', 'version'])).stdout).toContain('Nomad v1.11.3');
    await host.waitForUnit('nomad.service', 'inactive');
    await host.write('/etc/nomad.d/nomad.hcl', settings, { mode: 0o640 });
    await host.waitForUnit('nomad.service');
    const leader = await host.waitUntil(['curl', '--silent', '--fail', 'http://127.0.0.1:4646/v1/status/leader']);
    expect(leader.stdout).toBe('"127.0.0.1:4647"');
    const node = await host.waitUntil(['nomad', 'node', 'status', '-self', '-json'], {
      accept: ({ stdout }) => stdout.includes('"Status": "ready"'),
    });
    const { Drivers } = JSON.parse(node.stdout) as { Drivers: object };
    expect(Object.keys(Drivers).toSorted()).toEqual(['docker', 'java', 'qemu', 'raw_exec']);

    await host.write('/root/hello.nomad', job);
    await host.run(['nomad', 'job', 'run', '-detach', '/root/hello.nomad']);
    await host.waitUntil(['nomad', 'job', 'allocs', 'hello'], { accept: ({ stdout }) => stdout.includes('complete') });
    const { stdout } = await host.run(['nomad', 'alloc', 'logs', '-job', 'hello', 't']);
    expect(stdout.split('\n')).toEqual(['0', '0022', 'drwx------', 'drwx--x--x', 'drwxr-xr-x']);
  });
});
