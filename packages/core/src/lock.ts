import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { architectures } from './arch.ts';
import { SysextError, ioError, systemCode } from './errors.ts';
import { describeIssues } from './issues.ts';
import type { Extension } from './recipe.ts';
import { compareVersions, versionProblem } from './version.ts';
import { writeWhole } from './write.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');
/** A path in the pool of Debian's archive, in normal form. */
export const poolPath = /^pool(?:\/[\w+~-][\w.+~-]*)+\.deb$/;
const Version = z.string().refine((value) => versionProblem(value) === undefined, 'a publishable version');

const Pin = z.strictObject({
  sha256: Sha256,
  /** Bytes; absent while nobody has downloaded the file. */
  size: z.int().positive().optional(),
  /** What the digest was checked against, or where it was taken from. */
  checked: z.string(),
});

/** `20261121T091544Z` */
const Timestamp = z.string().regex(/^\d{8}T\d{6}Z$/, 'a time such as 20261121T091544Z');

const DebianPin = z.strictObject({
  /** Path in the archive: `pool/main/k/keepalived/keepalived_2.3.3-1_amd64.deb`. */
  path: z.string().regex(poolPath, "a path in the pool of Debian's archive"),
  sha256: Sha256,
  /** Bytes. */
  size: z.int().positive(),
  /** Of a package in the security archive: when the index was made that names it. Absent for the main archive. */
  security: Timestamp.optional(),
});

const DebianPins = z.strictObject({
  suite: z.string(),
  /** When the index of the suite was made that names the packages; the snapshot archive has them by it. */
  timestamp: Timestamp,
  /** What the digests were checked against. */
  checked: z.string(),
  packages: z.partialRecord(z.enum(architectures), z.array(DebianPin).min(1)),
});

const LockedVersion = z.strictObject({
  /** Packaging revision: 0 first; raised when the same upstream version has to reach hosts again. */
  revision: z.int().min(0),
  /** The release of the package that brought this revision; absent before the first one. */
  released: z
    .strictObject({
      package: z.string(),
      /** Digest of recipe and static files at that time; see `revision.ts`. */
      inputs: Sha256,
    })
    .optional(),
  /** Version of each companion. */
  companions: z.record(z.string(), Version).optional(),
  /** First URL of a download → the bytes it has to deliver. */
  downloads: z.record(z.string(), Pin),
  /** First URL of a download whose digest nobody has learned yet → why. `build` refuses it; `sysext lock` learns it. */
  unpinned: z.record(z.string(), z.string().min(10)).optional(),
  /** Program → the packages of Debian that it is taken from. */
  debian: z.record(z.string(), DebianPins).optional(),
});

/** Schema of `extension.lock.json`. */
export const Lock = z
  .strictObject({
    schema: z.literal(1),
    /** The version that `build` takes when none is named. */
    default: Version.optional(),
    versions: z.record(Version, LockedVersion),
  })
  .superRefine((lock, context) => {
    if (lock.default !== undefined && !Object.hasOwn(lock.versions, lock.default)) {
      context.addIssue({ code: 'custom', path: ['default'], message: `${lock.default} is not among the versions` });
    }
    for (const [version, { downloads, unpinned = {} }] of Object.entries(lock.versions)) {
      for (const url of Object.keys(unpinned).filter((each) => Object.hasOwn(downloads, each))) {
        context.addIssue({ code: 'custom', path: ['versions', version, 'unpinned', url], message: 'it has a digest' });
      }
    }
  });

export type Lock = z.output<typeof Lock>;
export type LockedVersion = z.output<typeof LockedVersion>;
export type Pin = z.output<typeof Pin>;
export type DebianPin = z.output<typeof DebianPin>;
export type DebianPins = z.output<typeof DebianPins>;

export const lockFileName = 'extension.lock.json';

/**
 * Reads the lock of an extension; an extension without one has an empty lock.
 *
 * @throws SysextError `LOCK_INVALID` with every problem found.
 */
export async function readLock(directory: string): Promise<Lock> {
  const path = join(directory, lockFileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { schema: 1, versions: {} };
    throw ioError(error, 'cannot read the lock', path);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SysextError('LOCK_INVALID', `${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = Lock.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = describeIssues(parsed.error, 'lock');
  throw new SysextError('LOCK_INVALID', `${path} is no valid lock:\n  ${problems.join('\n  ')}`, {
    data: { problems },
  });
}

/** Writes a lock whole, versions newest first, in the form `readLock` reads. */
export async function writeLock(directory: string, lock: Lock): Promise<void> {
  const versions = Object.fromEntries(Object.entries(lock.versions).toSorted(([a], [b]) => compareVersions(b, a)));
  const text = `${JSON.stringify({ schema: lock.schema, default: lock.default, versions }, undefined, 2)}\n`;
  await writeWhole(join(directory, lockFileName), text);
}

/**
 * The locked version to build: the named one, or the lock's default.
 *
 * A name that lacks or adds upstream's leading `v` is understood.
 *
 * @throws SysextError `UNKNOWN_VERSION`, naming the versions there are.
 */
export function selectVersion(
  extension: Extension,
  lock: Lock,
  wanted: string | undefined,
): { version: string; locked: LockedVersion } {
  const candidates = wanted === undefined ? [lock.default] : [wanted, `v${wanted}`, wanted.replace(/^v/, '')];
  for (const version of candidates) {
    if (version !== undefined && Object.hasOwn(lock.versions, version)) {
      return { version, locked: lock.versions[version]! };
    }
  }
  const known = Object.keys(lock.versions);
  if (wanted === undefined) {
    throw new SysextError('UNKNOWN_VERSION', `${extension.name}: the lock names no default version`, {
      hint: `sysext versions ${extension.name}, then sysext lock ${extension.name} <version>`,
    });
  }
  throw new SysextError(
    'UNKNOWN_VERSION',
    `${extension.name}: version ${JSON.stringify(wanted)} is not locked; locked are ${known.join(', ') || 'none'}`,
    { hint: `sysext lock ${extension.name} ${versionProblem(wanted) === undefined ? wanted : '<version>'}` },
  );
}
