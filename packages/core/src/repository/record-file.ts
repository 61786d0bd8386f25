import { SysextError } from '../errors.ts';
import { describeIssues } from '../issues.ts';
import { nameProblem } from '../recipe.ts';
import { BuildRecord } from '../record.ts';
import { imageStem } from '../version.ts';

/**
 * Reads a build record, and checks that it is the one of the image `stem`: name, version, architecture and files.
 *
 * @throws SysextError `RECORD_INVALID`, `NAME_INVALID`.
 */
export function parseRecord(data: Uint8Array, stem: string, where: string): BuildRecord {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (error) {
    throw invalid(where, `it is not JSON: ${(error as Error).message}`, error);
  }
  const parsed = BuildRecord.safeParse(json);
  if (!parsed.success) throw invalid(where, `\n  ${describeIssues(parsed.error, 'record').slice(0, 20).join('\n  ')}`);
  const record = parsed.data;
  const name = nameProblem(record.extension);
  if (name !== undefined) throw invalid(where, `extension ${JSON.stringify(record.extension)}: ${name}`);
  const own = imageStem({ ...record, name: record.extension, arch: record.architecture });
  if (own !== stem) throw invalid(where, `it is the one of ${own}, not of ${stem}`);
  const files = [record.image.file, ...(record.transport === undefined ? [] : [record.transport.file])];
  const expected = [`${stem}.raw`, `${stem}.raw.xz`].slice(0, files.length);
  if (files.join() !== expected.join())
    throw invalid(where, `it names ${files.join(', ')} instead of ${expected.join(', ')}`);
  return record;
}

function invalid(where: string, why: string, cause?: unknown): SysextError {
  return new SysextError('RECORD_INVALID', `${where} is no build record that can be published: ${why}`, { cause });
}
