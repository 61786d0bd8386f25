import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '../../arch.ts';
import { sha256 } from '../../cache.ts';
import { writeGeneration } from '../generation.ts';
import type { ExtensionIndex, PublishedVersion } from '../index-file.ts';
import { makeGeneration } from '../state.ts';
import type { Workshop } from './repository.ts';

/** A repository with so many images, in the real format; the images themselves are empty files. */
export async function repositoryOf(shop: Workshop, count: number): Promise<string> {
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
