import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import { payload } from './payload.ts';

const settings =
  'bind_addr = "127.0.0.1"\nadvertise {\n  http = "127.0.0.1"\n  rpc = "127.0.0.1"\n  serf = "127.0.0.1"\n}\nserver {\n  enabled = true\n  bootstrap_expect = 1\n}\n';

describePayload('nomad', [payload], (boot) => {
  test('starts once it is configured, and takes a job', { timeout: 120_000 }, async () => {
    await using host = await boot();
    await host.waitForUnit('nomad.path');
    expect((await host.run(['nomad', 'version'])).stdout).toContain('Nomad v1.11.3');
    await host.waitForUnit('nomad.service', 'inactive');
    await host.write('/etc/nomad.d/nomad.hcl', settings, { mode: 0o640 });
    await host.waitForUnit('nomad.service');
    const leader = await host.waitUntil(['curl', '--silent', '--fail', 'http://127.0.0.1:4646/v1/status/leader']);
    expect(leader.stdout).toBe('"127.0.0.1:4647"');
    const job =
      'job "hello" {\n group "g" {\n task "t" {\n driver = "raw_exec"\n config { command = "/bin/true" }\n }\n }\n}\n';
    await host.write('/root/hello.nomad', job);
    await host.waitUntil(['nomad', 'job', 'run', '-detach', '/root/hello.nomad']);
    expect((await host.run(['nomad', 'job', 'status'])).stdout).toMatch(/^hello\s+service\s+50\s+pending/m);
  });
});
