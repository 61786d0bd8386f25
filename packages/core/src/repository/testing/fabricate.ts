import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '@sysext/testing';
import type { Arch } from '../../arch.ts';
import { sha256 } from '../../cache.ts';
import { BuildRecord } from '../../record.ts';
import { seriesOf } from '../../series.ts';
import { imageStem } from '../../version.ts';

export interface Fabricated {
  readonly name?: string;
  readonly version: string;
  readonly revision?: number;
  readonly arch?: Arch;
  /** What the image holds; noise when absent. Publishing does not look into it. */
  readonly content?: Uint8Array;
  /** What it goes over the wire as, for an image that is packed. */
  readonly packed?: Uint8Array;
}

/** Writes an image and a record as `build` would have; returns the path of the image. */
export async function fabricate(directory: string, image: Fabricated): Promise<string> {
  const { name = 'demo', version, revision = 0, arch = 'x86-64', packed } = image;
  const content = image.content ?? Buffer.concat([noise(5000), Buffer.from(`${version} ${revision} ${arch}`)]);
  const stem = imageStem({ name, version, revision, arch });
  const record = recordOf({ name, version, revision, arch, content, packed });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${stem}.json`), `${JSON.stringify(record, undefined, 2)}\n`);
  await writeFile(join(directory, `${stem}.raw`), content);
  if (packed !== undefined) await writeFile(join(directory, `${stem}.raw.xz`), packed);
  return join(directory, `${stem}.raw`);
}

/** A record as `build` writes it. */
function recordOf({
  name,
  version,
  revision,
  arch,
  content,
  packed,
}: Required<Omit<Fabricated, 'packed'>> & { readonly packed: Uint8Array | undefined }): BuildRecord {
  const stem = imageStem({ name, version, revision, arch });
  const series = seriesOf(String.raw`^v(\d+\.\d+)\.`, version);
  return BuildRecord.parse({
    schema: 1,
    extension: name,
    package: `@sysext/${name}@1.0.0`,
    version,
    revision,
    ...(series === undefined ? {} : { series }),
    architecture: arch,
    summary: 'A program for tests',
    homepage: 'https://demo.example/',
    licence: 'MIT',
    requires: [],
    conflicts: ['demo-flatcar'],
    services: { 'demo.service': 'on-merge' },
    image: {
      file: `${stem}.raw`,
      size: content.length,
      sha256: sha256(content),
      format: 'squashfs',
      profile: 'default',
      compression: { algorithm: 'zstd', level: 15, blockSize: 131_072 },
    },
    ...(packed === undefined
      ? {}
      : { transport: { kind: 'xz', file: `${stem}.raw.xz`, size: packed.length, sha256: sha256(packed) } }),
    release: { ID: 'flatcar', SYSEXT_LEVEL: '1.0', ARCHITECTURE: arch },
    programs: { [name]: { version, source: 'release' } },
    inputs: [],
    tools: { mksquashfs: '4.6.1', core: '@sysext/core@1.0.0' },
    paths: [{ path: '/usr/bin/demo', type: 'file', mode: '0755', size: 1, sha256: sha256('x') }],
    findings: [],
  });
}
