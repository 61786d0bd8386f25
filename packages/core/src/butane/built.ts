import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { hashFile } from '../cache.ts';
import { SysextError, ioError } from '../errors.ts';
import { parseRecord } from '../repository/record-file.ts';
import { imageVersion } from '../version.ts';
import type { CommonParameters } from './parameters.ts';

/**
 * What has to be known of an image that `build` wrote, by the record beside it, to deploy it from where it is going to
 * be served.
 *
 * @param name the extension that it has to be of.
 * @throws SysextError `USAGE` for an image of another extension, or one that goes over the wire in a form that
 * Ignition cannot unpack; `RECORD_INVALID`, `DIGEST_MISMATCH`, `IO`.
 */
export async function builtParameters(file: string, name: string): Promise<Pick<CommonParameters, 'image'>> {
  const stem = basename(file).replace(/\.raw$/, '');
  const recordFile = file.replace(/(\.raw)?$/, '.json');
  const data = await readFile(recordFile).catch((error: unknown) => {
    throw ioError(error, 'cannot read the build record', recordFile);
  });
  const record = parseRecord(data, stem, recordFile);
  if (record.extension !== name)
    throw new SysextError('USAGE', `${file} is an image of ${record.extension}, not of ${name}`);
  if (record.transport !== undefined) {
    throw new SysextError('USAGE', `${stem} is served as ${record.transport.file}, which Ignition cannot unpack`, {
      hint: `sysext build ${name} --transport plain`,
    });
  }
  const { sha256 } = await hashFile(file).catch((error: unknown) => {
    throw ioError(error, 'cannot read the image', file);
  });
  if (sha256 !== record.image.sha256) {
    throw new SysextError(
      'DIGEST_MISMATCH',
      `${file} is not the image that its record is of\n  recorded sha256 ${record.image.sha256}\n  found    sha256 ${sha256}`,
    );
  }
  return { image: { version: imageVersion(record), arch: record.architecture, sha256 } };
}
