import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { makeImage, scratch } from './fixture.ts';
import { type Host, type Hosts, bootHost, bootHosts, createNetwork, describeHost } from './index.ts';

/** A TCP server that says the host's name to whoever connects. */
const files = {
  '/etc/systemd/system/name.socket': '[Socket]\nListenStream=7000\nAccept=yes\n',
  '/etc/systemd/system/name@.service': '[Service]\nStandardInput=socket\nExecStart=cat /etc/hostname\n',
  '/etc/systemd/system/sockets.target.wants/name.socket': { link: '../name.socket' },
};

/** What the TCP server of a host answers to another, or why there is no answer. */
async function ask(host: Host, name: string): Promise<string> {
  const { stdout, stderr } = await host.run(['timeout', '2', 'bash', '-c', 'cat <"/dev/tcp/$0/7000"', name], {
    check: false,
  });
  return stdout || stderr;
}

function pair([first, second]: Hosts): [Host, Host] {
  if (first === undefined || second === undefined) throw new Error('two hosts were booted');
  return [first, second];
}

describeHost('a network', () => {
  test('lets hosts reach each other by name', async () => {
    await using network = await createNetwork();
    await using hosts = await bootHosts([
      { name: 'one', network, files },
      { name: 'two', network, files },
    ]);
    const [one, two] = pair(hosts);
    expect(await ask(one, 'two')).toBe('two');
    expect(await ask(two, 'one')).toBe('one');
    expect(one.address).toMatch(/^10\.\d+\.\d+\.10$/);
    expect(two.address).toMatch(/^10\.\d+\.\d+\.11$/);
    await one.run(['ping', '-c', '1', '-W', '2', two.address]);

    await using three = await bootHost({ name: 'three', network, files });
    expect(await ask(one, 'three')).toBe('three');
    expect(await ask(three, 'one')).toBe('one');
    await expect(bootHost({ name: 'three', network })).rejects.toThrow('a host named three');
  });

  test('reaches the test process and is reached from it, and nothing else', async () => {
    await using network = await createNetwork();
    await using server = createServer((_, response) => response.end('from outside')).listen(0, network.gateway);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using host = await bootHost({
      network,
      files: {
        '/etc/systemd/system/web.socket': '[Socket]\nListenStream=80\nAccept=yes\n',
        '/etc/systemd/system/web@.service':
          '[Service]\nStandardInput=socket\nExecStart=printf "HTTP/1.0 200 OK\\r\\n\\r\\nfrom inside"\n',
        '/etc/systemd/system/sockets.target.wants/web.socket': { link: '../web.socket' },
      },
    });
    const { stdout } = await host.run([
      'curl',
      '--silent',
      '--show-error',
      '--max-time',
      '5',
      `http://${network.gateway}:${port}/`,
    ]);
    expect(stdout).toBe('from outside');
    // RFC 5737: an address nobody has.
    const away = await host.run(['curl', '--silent', '--show-error', '--max-time', '5', 'http://192.0.2.1/'], {
      check: false,
    });
    expect(away.exitCode).toBe(7);
    expect(await (await fetch(`http://${host.address}/`)).text()).toBe('from inside');
  });

  test('can be partitioned and healed, also across a reboot', async () => {
    await using network = await createNetwork();
    await using hosts = await bootHosts([
      { name: 'one', network, files },
      { name: 'two', network, files },
    ]);
    const [one, two] = pair(hosts);
    expect(await ask(one, 'two')).toBe('two');
    await network.disconnect(two);
    expect(await ask(one, 'two')).not.toBe('two');
    expect(await two.read('/sys/class/net/eth0/carrier')).toBe('0\n');
    await two.reboot();
    expect(await ask(one, 'two')).not.toBe('two');
    await network.reconnect(two);
    expect(await ask(one, 'two')).toBe('two');
    await two.crash();
    expect(await ask(one, 'two')).not.toBe('two');
    await two.boot();
    expect(await ask(one, 'two')).toBe('two');
  });

  test('knows nothing of other networks', async () => {
    await using left = await createNetwork();
    await using right = await createNetwork();
    expect(left.subnet).not.toBe(right.subnet);
    await using hosts = await bootHosts([
      { name: 'same', network: left, files },
      { name: 'same', network: right, files },
    ]);
    const [here, there] = pair(hosts);
    expect(await ask(there, there.address)).toBe('same');
    expect(await ask(here, there.address)).not.toBe('same');
  });

  test('boots several hosts with several images at once', async () => {
    await using dir = await scratch();
    const images = [
      await makeImage(dir.path, 'one'),
      await makeImage(dir.path, 'two'),
      await makeImage(dir.path, 'three'),
    ];
    await using network = await createNetwork();
    await using hosts = await bootHosts([1, 2, 3, 4, 5].map((n) => ({ name: `node${n}`, network, images })));
    for (const host of hosts) for (const unit of ['one', 'two', 'three']) await host.waitForUnit(`${unit}.service`);
    // All of them ask the kernel for loop devices at the same time.
    await Promise.all(hosts.map((host) => host.run(['systemd-sysext', 'refresh'])));
    for (const host of hosts)
      expect((await host.run(['ls', '/usr/bin/one', '/usr/bin/two', '/usr/bin/three'])).exitCode).toBe(0);
  });

  test('leaves no host when one of several does not boot', async () => {
    await using network = await createNetwork();
    const broken = { '/etc/systemd/system/default.target': { link: '/dev/null' } };
    await expect(
      bootHosts([
        { name: 'good', network },
        { name: 'bad', network, files: broken },
      ]),
    ).rejects.toThrow(/^bad /);
    expect(() => network.address('good')).toThrow('not on this network');
  });
});
