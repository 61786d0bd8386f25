import { createHash } from 'node:crypto';
import {
  type Extension,
  type Lock,
  type LockedVersion,
  type ResolvedDownload,
  programsAt,
  programsOf,
  readLock,
  resolveDownloads,
} from '@sysext/core';
import { type FakeUpstream, tinyElf } from '@sysext/testing';
import { imitateDebian } from './imitate-debian.ts';
import { type MakeProgram, imitate } from './imitate.ts';

type Take = ResolvedDownload['download']['take'];

/** How to imitate an upstream. */
export interface Imitation {
  /** The lock's default unless given. */
  readonly version?: string;
  /**
   * What is taken out of each archive, by URL: what was asked for before is in it too, so that a second call for several
   * extensions makes them agree about the archives that they share.
   */
  readonly takes?: Map<string, Take>;
  /** Makes the programs that releases hold: small real ones of the right machine, that do nothing, unless given. */
  readonly makeProgram?: MakeProgram;
}

/**
 * Serves what a version of an extension downloads, for every architecture that it is offered for.
 *
 * @returns a lock with that version alone, and these bytes pinned.
 */
export async function imitateUpstream(
  upstream: FakeUpstream,
  extension: Extension,
  { version: chosen, takes = new Map<string, Take>(), makeProgram = tinyElf }: Imitation = {},
): Promise<Lock> {
  const lock = await readLock(extension.directory);
  const version = chosen ?? lock.default!;
  const locked = lock.versions[version]!;
  const offered = extension.architectures;
  const downloads: LockedVersion['downloads'] = {};
  const debian: NonNullable<LockedVersion['debian']> = {};
  for (const program of programsAt(extension, version, locked.companions)) {
    for (const source of program.sources) {
      if (source.kind === 'debian') {
        const { pins, files } = imitateDebian(source, offered);
        debian[program.name] = pins;
        for (const [path, bytes] of files) upstream.put(`/${path}`, bytes);
      }
      if (source.kind !== 'release') continue;
      for (const arch of offered) {
        for (const resolved of resolveDownloads(source, program, arch)) {
          const bytes = await imitate(withTakes(resolved, takes), arch, makeProgram);
          const { host, pathname } = new URL(resolved.urls[0]);
          upstream.put(`/${host}${pathname}`, bytes);
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          downloads[resolved.urls[0]] = { sha256, size: bytes.length, checked: 'imitated' };
        }
      }
    }
  }
  return { schema: 1, default: version, versions: { [version]: { ...locked, downloads, debian, unpinned: {} } } };
}

/** The download, taking what anybody takes out of the same archive; `takes` learns what it takes. */
function withTakes(resolved: ResolvedDownload, takes: Map<string, Take>): ResolvedDownload {
  const [url] = resolved.urls;
  const [own, before] = [resolved.download.take, takes.get(url)];
  const take = typeof own === 'string' || typeof before === 'string' ? own : { ...before, ...own };
  takes.set(url, take);
  return { ...resolved, download: { ...resolved.download, take } };
}

/** The environment in which downloads of these extensions come from an upstream. */
export function environmentOf(upstream: FakeUpstream, extensions: readonly Extension[]): Record<string, string> {
  const hosts = new Set(extensions.flatMap(originsOf).map((url) => new URL(url)));
  const rules = new Set([...hosts].map(({ origin, host }) => `${origin}/=${upstream.url}/${host}/`));
  return {
    SYSEXT_MIRRORS: [...rules].join(' '),
    SYSEXT_DEBIAN_MIRROR: `${upstream.url}/debian/`,
    SYSEXT_DEBIAN_SECURITY_MIRROR: `${upstream.url}/debian-security/`,
  };
}

function originsOf(extension: Extension): string[] {
  return programsOf(extension)
    .flatMap(([, { sources }]) => sources)
    .flatMap((source) => (source.kind === 'release' ? source.downloads : []))
    .flatMap(({ url }) => url);
}
