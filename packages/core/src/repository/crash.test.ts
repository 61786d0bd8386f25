import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKey } from './keys.ts';
import { type Keyring, checkSignature, parseKeyring } from './keyring.ts';
import { publish } from './publish.ts';
import { beginRotation, finishRotation } from './rotate.ts';
import { fabricate } from './testing/fabricate.ts';
import { type Workshop, baseUrl, startWorkshop } from './testing/repository.ts';
import { verifyRepository } from './verify.ts';

let shop: Workshop;
let images: string[];
let keyFile: string;
beforeAll(async () => {
  shop = await startWorkshop();
  keyFile = join(shop.path, 'key.asc');
  await shop.publish([{ version: 'v1.0.0' }, { name: 'other', version: '1' }]);
  await shop.publish([{ version: 'v1.0.1' }]);
  const dist = join(shop.path, 'dist');
  images = [await fabricate(dist, { version: 'v1.1.0' }), await fabricate(dist, { version: 'v1.1.0', arch: 'arm64' })];
});
afterAll(async () => await shop[Symbol.asyncDispose]());

const hook = fileURLToPath(import.meta.resolve('./testing/kill-hook.ts'));
const publisher = fileURLToPath(import.meta.resolve('./testing/publisher.ts'));

/** Runs a task in a process of its own; returns the number of its steps, or `undefined` when it was killed. */
async function runKilled(killAt: number, ...args: string[]): Promise<number | undefined> {
  const ended = await execa(process.execPath, ['--import', hook, publisher, ...args], {
    env: { KILL_AT: String(killAt), NODE_COMPILE_CACHE: join(shop.path, 'compiled') },
    reject: false,
  });
  if (ended.signal === 'SIGKILL') return undefined;
  expect(ended.stderr).toBe('');
  return Number(/steps (\d+)/.exec(ended.stdout)?.[1]);
}

/** Does something at every step of a task, two steps at a time. */
async function atEveryStep(task: (killAt: number) => Promise<number | undefined>): Promise<number> {
  const steps = (await task(0))!;
  expect(steps).toBeGreaterThan(10);
  for (let killAt = 1; killAt <= steps; killAt += 2) {
    const both = killAt === steps ? [killAt] : [killAt, killAt + 1];
    expect(await Promise.all(both.map(task))).toEqual(both.map(() => undefined));
  }
  return steps;
}

/** The list of an extension as a host gets it, checked as a host checks it; `undefined` when there is none. */
async function visible(repository: string, keyring: Keyring): Promise<string | undefined> {
  const read = async (name: string): Promise<Buffer | undefined> =>
    await readFile(join(repository, 'demo', name)).catch(() => undefined);
  const sums = await read('SHA256SUMS');
  if (sums === undefined) return undefined;
  for (const name of ['SHA256SUMS.gpg', 'SHA256SUMS.sha256.asc'])
    await checkSignature(keyring, sums, (await read(name))!, name);
  return sums.toString('utf8');
}

const problems = async (source: string): Promise<unknown> =>
  (await verifyRepository(shop.context(), { source })).problems;

const leftovers = async (repository: string): Promise<string[]> =>
  (await readdir(repository, { recursive: true })).filter((name) => name.endsWith('.tmp'));

describe('a process that is killed, at every step of what it does to files:', { timeout: 120_000 }, () => {
  test('publish: hosts see the old versions or the new ones, and the next publish has everything', async () => {
    const keyring = await parseKeyring(shop.signer.publicKey, 'the key');
    const before = await visible(shop.repository, keyring);
    const seen = new Set<string | undefined>();
    await atEveryStep(async (killAt) => {
      const repository = join(shop.path, `publish-${killAt}`);
      await cp(shop.repository, repository, { recursive: true, verbatimSymlinks: true });
      const steps = await runKilled(killAt, 'publish', repository, keyFile, ...images);
      seen.add(await visible(repository, keyring));
      expect(await problems(repository)).toEqual([]);
      await publish(shop.context(), { repository, signer: shop.signer, images });
      expect(await visible(repository, keyring)).toContain('v1.1.0-arm64');
      expect(await problems(repository)).toEqual([]);
      expect(await leftovers(repository)).toEqual([]);
      return steps;
    });
    expect(seen.size).toBe(2);
    expect(seen).toContain(before);
  });

  test('the first publish: hosts see nothing or all of it, with the key', async () => {
    const keyring = await parseKeyring(shop.signer.publicKey, 'the key');
    const seen = new Set<string | undefined>();
    await atEveryStep(async (killAt) => {
      const repository = join(shop.path, `first-${killAt}`);
      const steps = await runKilled(killAt, 'publish', repository, keyFile, images[0]!);
      const sums = await visible(repository, keyring);
      seen.add(sums);
      if (sums !== undefined) {
        const published = await readFile(join(repository, 'keys/import-pubring.gpg'));
        await visible(repository, await parseKeyring(published, 'the keyring'));
      }
      await publish(shop.context(), { repository, baseUrl, signer: shop.signer, images });
      expect(await problems(repository)).toEqual([]);
      expect(await leftovers(repository)).toEqual([]);
      return steps;
    });
    expect(seen.size).toBe(2);
    expect(seen).toContain(undefined);
  });

  test('the change of the key: what is signed verifies by the keyring beside it', async () => {
    const newFile = join(shop.path, 'new.asc');
    const newSigner = await createKey(shop.context(), newFile);
    const rotation = { oldSigner: shop.signer, newSigner };
    const rotated = join(shop.path, 'rotated');
    await cp(shop.repository, rotated, { recursive: true, verbatimSymlinks: true });
    await beginRotation(shop.context(), { ...rotation, repository: rotated });
    await atEveryStep(async (killAt) => {
      const repository = join(shop.path, `finish-${killAt}`);
      await cp(rotated, repository, { recursive: true, verbatimSymlinks: true });
      const steps = await runKilled(killAt, 'finish', repository, keyFile, newFile);
      const keyring = await parseKeyring(await readFile(join(repository, 'keys/import-pubring.gpg')), 'the keyring');
      expect(await visible(repository, keyring)).toContain('v1.0.1');
      await finishRotation(shop.context(), { ...rotation, repository });
      expect(await problems(repository)).toEqual([]);
      const { keys } = await verifyRepository(shop.context(), { source: repository });
      expect(keys.map(({ fingerprint }) => fingerprint)).toEqual([newSigner.fingerprint]);
      return steps;
    });
  });
});

test('processes that publish at once: every result is there', { timeout: 60_000 }, async () => {
  const repository = join(shop.path, 'together');
  const dist = join(shop.path, 'dist');
  const versions = ['v2.0.0', 'v2.0.1', 'v2.0.2', 'v2.0.3'];
  const files = await Promise.all(versions.map(async (version) => await fabricate(dist, { version })));
  await Promise.all(files.map(async (file) => await runKilled(0, 'publish', repository, keyFile, file)));
  const keyring = await parseKeyring(shop.signer.publicKey, 'the key');
  const sums = await visible(repository, keyring);
  for (const version of versions) expect(sums).toContain(`demo-${version}-x86-64.raw`);
  expect(await problems(repository)).toEqual([]);
});
