import { join } from 'node:path';
import { type Signer, createContext, createKey } from '@sysext/core';
import { createNetwork } from '@sysext/test-host';
import { temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { Follower } from './follower.ts';
import { describeReleases } from './releases.ts';

const at = (version: string): object => ({ link: version, merged: version });

async function newKey(): Promise<Signer> {
  await using directory = await temporaryDirectory();
  return await createKey(createContext({ env: {} }), join(directory.path, 'key.asc'), { name: 'test' });
}

/** What is wrong with the signature of the index. */
const flaws: [what: string, spoil: (follower: Follower) => Promise<void>][] = [
  ['has no signature', async ({ shelf }) => shelf.unsign()],
  ['is signed by another key', async ({ shelf }) => shelf.sign(await (await newKey()).sign(Buffer.from(shelf.lines)))],
  [
    'has the signature of another one',
    async ({ shelf }) => shelf.sign(await shelf.signer!.sign(Buffer.from('other\n'))),
  ],
  ['has a login page for a signature', async ({ shelf }) => shelf.sign('', { kind: 'html' })],
  [
    'may not be checked: the signature is forbidden',
    async ({ shelf }) => shelf.sign('', { kind: 'status', status: 403 }),
  ],
];

describeReleases('an index that', (release) => {
  test.each(flaws)('%s changes nothing on a host', async (_, spoil) => {
    await using network = await createNetwork();
    await using follower = await Follower.boot(network, { release, signer: await newKey() });
    const { host, shelf } = follower;
    const next = await follower.make('1.1');
    await shelf.offer(next);
    await spoil(follower);
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(await follower.state()).toEqual(at('1.0'));
    await host.reboot();
    expect(await follower.state()).toEqual(at('1.0'));
    await shelf.offer(next);
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
  });
});

describeReleases('a new key', (release) => {
  test('is taken by hosts that got it before, and by no others', async () => {
    await using network = await createNetwork();
    const [old, next] = [await newKey(), await newKey()];
    await using follower = await Follower.boot(network, { release, signer: old });
    const { host, shelf } = follower;
    shelf.signer = next;
    await shelf.offer(await follower.make('1.1'));
    expect((await follower.update()).exitCode).not.toBe(0);
    expect(await follower.state()).toEqual(at('1.0'));

    await host.write('/etc/systemd/import-pubring.gpg', Buffer.concat([old.publicKey, next.publicKey]));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.1'));
    shelf.signer = old;
    await shelf.offer(await follower.make('1.2'));
    expect(await follower.update()).toMatchObject({ exitCode: 0 });
    expect(await follower.state()).toEqual(at('1.2'));
  });
});
