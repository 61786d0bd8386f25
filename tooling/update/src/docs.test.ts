import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, createContext, createKey, machineArch, publish, serveRepository } from '@sysext/core';
import etcd from '@sysext/etcd';
import { bootHost, createNetwork, describeHost } from '@sysext/test-host';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { followerFiles } from './files.ts';

const arch = machineArch() ?? 'x86-64';
const root = join(import.meta.dirname, '..', '..', '..');

/** The commands of a document, with the headings they stand below. */
async function commandsOf(document: string): Promise<{ heading: string; commands: string }[]> {
  const text = await readFile(join(root, 'docs', document), 'utf8');
  const blocks = text.matchAll(/^## (?<heading>.*)$|^```sh\n(?<commands>[^`]*)^```$/gm);
  let heading = '';
  return [...blocks].flatMap(({ groups }) => {
    heading = groups!['heading'] ?? heading;
    return groups!['commands'] === undefined ? [] : [{ heading, commands: groups!['commands'] }];
  });
}

describeHost('docs/updates.md', () => {
  test('says what works, in its order', { timeout: 300_000 }, async () => {
    await using network = await createNetwork();
    await using directory = await temporaryDirectory();
    const repository = join(directory.path, 'repository');
    await mkdir(repository);
    await using server = await serveRepository({ directory: repository, host: network.gateway, port: 0 });
    const context = createContext();
    const signer = await createKey(context, join(directory.path, 'key.asc'));
    const [old] = await build(context, etcd, { arches: [arch], output: directory.path, profile: 'fast' });
    await publish(context, { repository, baseUrl: server.url, signer, images: [old!.image] });
    const keyring = join(repository, 'keys', 'import-pubring.gpg');
    await using host = await bootHost({
      network,
      images: { etcd: old!.image },
      files: {
        ...(await followerFiles(etcd, server.url, keyring)),
        '/etc/etcd/etcd.env': 'ETCD_NAME=one\n',
        '/etc/systemd/system/timers.target.wants/sysext-update@etcd.timer': {
          link: '/etc/systemd/system/sysext-update@.timer',
        },
      },
    });
    await host.run(['systemctl', 'enable', '--now', 'etcd.service']);
    const [next] = await build(context, etcd, {
      arches: [arch],
      version: 'v3.5.33',
      output: directory.path,
      profile: 'fast',
    });
    await publish(context, { repository, signer, images: [next!.image] });

    const served = async (): Promise<string> =>
      (await host.run(['etcdctl', 'endpoint', 'status', '--write-out=fields'], { check: false })).stdout
        .split('\n')
        .find((line) => line.startsWith('"Version"')) ?? 'none';
    const after: Record<string, string> = {
      Look: '"Version" : "3.5.21"',
      'Update now': '"Version" : "3.5.33"',
      'Roll back': '"Version" : "3.5.21"',
      'Follow a series': '"Version" : "3.5.33"',
      Remove: 'none',
    };
    for (const { heading, commands } of await commandsOf('updates.md')) {
      const script = commands.replaceAll('https://sysext.example/', server.url).replaceAll('x86-64', arch);
      await host.run(['bash', '-euc', script], { timeout: 120_000 });
      if (after[heading] !== undefined) expect(`${heading}: ${await served()}`).toBe(`${heading}: ${after[heading]}`);
    }
    expect((await host.run(['systemctl', '--failed', '--no-legend'])).stdout).toBe('');
  });
});
