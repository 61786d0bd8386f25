import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build.ts';
import type { Context } from '../context.ts';
import type { Extension } from '../recipe.ts';
import type { BuildRecord } from '../record.ts';
import { imageVersion } from '../version.ts';

/**
 * Builds an image again from its recipe, with what its record says was chosen, and compares.
 *
 * @returns what differs, one line each; nothing when the bytes are the same.
 * @throws SysextError what a build throws.
 */
export async function rebuild(context: Context, extension: Extension, record: BuildRecord): Promise<string[]> {
  const output = await mkdtemp(join(tmpdir(), 'sysext-'));
  try {
    const sources = new Set(Object.values(record.programs).map(({ source }) => source));
    const [source] = sources;
    const { ID, VERSION_ID } = record.release;
    const [built] = await build(context, extension, {
      version: record.version,
      arches: [record.architecture],
      profile: record.image.profile,
      format: record.image.format,
      transport: record.transport?.kind ?? 'plain',
      os: VERSION_ID === undefined ? ID : `${ID}:${VERSION_ID}`,
      // Programs from different kinds of sources find theirs by the recipe's order, as they did.
      source: sources.size === 1 ? source : undefined,
      output,
    });
    return differences(record, built!.record);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

function differences(published: BuildRecord, built: BuildRecord): string[] {
  if (built.revision !== published.revision) {
    return [`the recipe's lock is at ${imageVersion(built)}, which is another packaging of ${published.version}`];
  }
  const served = (record: BuildRecord): string => (record.transport ?? record.image).sha256;
  if (built.image.sha256 === published.image.sha256 && served(built) === served(published)) return [];
  const parts: [string, unknown, unknown][] = [
    ['package', published.package, built.package],
    ...Object.keys({ ...published.tools, ...built.tools }).map((tool): [string, unknown, unknown] => [
      tool,
      published.tools[tool],
      built.tools[tool],
    ]),
  ];
  const other = parts
    .filter(([, was, is]) => was !== is)
    .map(([what, was, is]) => `${what} ${String(was)} → ${String(is)}`);
  const why = other.length === 0 ? 'with the same recipe and tools' : `made differently: ${other.join(', ')}`;
  return [`built again, it has sha256 ${served(built)} instead of ${served(published)} (${why})`];
}
