import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { SysextError, ioError, systemCode } from '../errors.ts';
import { describeIssues } from '../issues.ts';
import { transports } from '../transport.ts';

const configName = 'sysext.config.json';

const RepositoryConfig = z.strictObject({
  $schema: z.string().optional(),
  /** Directory of the repository, relative to the file. */
  repo: z.string().min(1).optional(),
  /** Where it is served. */
  baseUrl: z.string().min(1).optional(),
  /** File of the signing key, relative to the file. A key itself is never in it. */
  keyFile: z.string().min(1).optional(),
  /** How images that are built to be published go over the wire. */
  transport: z.enum(transports).optional(),
});

/** What `sysext.config.json` says; paths are absolute. */
export type RepositoryConfig = Readonly<Omit<z.output<typeof RepositoryConfig>, '$schema'>>;

/**
 * Finds `sysext.config.json` in a directory or the ones above it; nothing is set when there is none.
 *
 * @throws SysextError `USAGE` with every problem found.
 */
export async function readRepositoryConfig(from: string): Promise<RepositoryConfig> {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const path = join(directory, configName);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw ioError(error, 'cannot read', path);
    });
    if (text !== undefined) return parse(text, path);
    if (directory === dirname(directory)) return {};
  }
}

function parse(text: string, path: string): RepositoryConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SysextError('USAGE', `${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = RepositoryConfig.safeParse(json);
  if (!parsed.success) {
    throw new SysextError('USAGE', `${path}:\n  ${describeIssues(parsed.error, 'config').join('\n  ')}`, {
      hint: 'it knows repo, baseUrl, keyFile and transport',
    });
  }
  const { repo, keyFile, baseUrl, transport } = parsed.data;
  const absolute = (value: string): string => resolve(dirname(path), value);
  return {
    ...(repo === undefined ? {} : { repo: absolute(repo) }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(keyFile === undefined ? {} : { keyFile: absolute(keyFile) }),
    ...(transport === undefined ? {} : { transport }),
  };
}
