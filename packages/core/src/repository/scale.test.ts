import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '@sysext/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { architectures } from '../arch.ts';
import { sha256 } from '../cache.ts';
import type { ExtensionIndex, PublishedVersion } from './index-file.ts';
import { writeGeneration } from './generation.ts';
import { type PublishOptions, publish } from './publish.ts';
import { makeGeneration } from './state.ts';
import { fabricate } from './testing/fabricate.ts';
import { type Workshop, baseUrl, startWorkshop } from './testing/repository.ts';
import { verifyRepository } from './verify.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await startWorkshop();
});
afterAll(async () => await shop[Symbol.asyncDispose]());

/** A repository with so many images, in the real format; the images themselves are empty files. */
async function repositoryOf(count: number): Promise<string> {
  const repository = join(shop.path, `with-${count}`);
  await shop.publish([{ version: 'v0.0.0' }], { repository });
  const place = join(repository, 'demo');
  const [first] = (JSON.parse(await readFile(join(place, 'index.json'), 'utf8')) as ExtensionIndex).versions;
  const record = await readFile(join(place, first!.images[0]!.record.file), 'utf8');
  const versions: PublishedVersion[] = [];
  for (let patch = count / architectures.length; patch > 0; patch--) {
    const version = `v0.0.${patch}`;
    const images = [];
    for (const arch of architectures) {
      const stem = `demo-${version}-${arch}`;
      const text = record
        .replaceAll('"v0.0.0"', `"${version}"`)
        .replaceAll('demo-v0.0.0-x86-64', stem)
        .replaceAll('"architecture": "x86-64"', `"architecture": "${arch}"`);
      const file = `records/${stem}.json`;
      await writeFile(join(place, file), text);
      await writeFile(join(place, `${stem}.raw`), Buffer.alloc(first!.images[0]!.size));
      images.push({ ...first!.images[0]!, arch, file: `${stem}.raw`, record: { file, sha256: sha256(text) } });
    }
    versions.push({ ...first!, version, upstream: version, images });
  }
  const index: ExtensionIndex = { schema: 1, name: 'demo', versions: [...versions, first!] };
  await writeGeneration(place, await makeGeneration(index, shop.signer));
  return repository;
}

/** Bytes that this process has handed to the kernel to write. */
async function written(): Promise<number> {
  return Number(/^wchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))![1]);
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

test('adding one image to 10,000 costs little more than adding it to 10', { timeout: 120_000 }, async () => {
  const repositories = { few: await repositoryOf(10), many: await repositoryOf(10_000) };
  const content = noise(20_000_000);
  const dist = join(shop.path, 'dist');
  await mkdir(dist, { recursive: true });
  const times = { few: [] as number[], many: [] as number[] };
  const bytes = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < 7; round++) {
    content.writeUInt32LE(round);
    const image = await fabricate(dist, { version: `v1.0.${round}`, content });
    for (const size of ['few', 'many'] as const) {
      const options: PublishOptions = { repository: repositories[size], baseUrl, signer: shop.signer, images: [image] };
      const [started, before] = [performance.now(), await written()];
      await publish(shop.context(), options);
      times[size].push(performance.now() - started);
      bytes[size].push((await written()) - before);
    }
  }
  const found = {
    time: median(times.many) / median(times.few),
    bytes: median(bytes.many) / median(bytes.few),
    milliseconds: [median(times.few), median(times.many)].map(Math.round),
    megabytes: [median(bytes.few), median(bytes.many)].map((count) => Math.round(count / 1e5) / 10),
  };
  process.stdout.write(`scale ${JSON.stringify(found)}\n`);
  expect(found.bytes).toBeLessThanOrEqual(1.5);
  expect(found.time).toBeLessThanOrEqual(1.5);

  const report = await verifyRepository(shop.context(), { source: repositories.many, indexOnly: true });
  expect(report).toMatchObject({ problems: [], images: 10_008, bytes: 0 });
});
