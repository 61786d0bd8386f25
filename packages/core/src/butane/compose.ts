import { isDeepStrictEqual } from 'node:util';
import { SysextError } from '../errors.ts';
import { imagePathProblem } from '../image-path.ts';
import { rangeProblem } from '../version-range.ts';
import type { ButaneDocument, ButaneFragment } from './document.ts';

/** Something that takes a path on the host, and for whom. */
interface Claim {
  readonly path: string;
  readonly extension: string;
  readonly kind: keyof ButaneDocument;
  readonly entry: object;
}

/**
 * One document out of the parts of several extensions. What they share, such as the updater, is in it once.
 *
 * @throws SysextError `DEPLOY_CONFLICT` with everything that stands against deploying them together: a path that two
 * of them write differently or that is not the host's to write, a declared conflict, a missing requirement or one
 * in a version that it does not work with, two versions of one extension.
 */
export function composeButane(fragments: readonly ButaneFragment[]): ButaneDocument {
  const claims = fragments.flatMap(claimsOf);
  const problems = [...extensionProblems(fragments), ...claims.flatMap(placeProblems), ...claimProblems(claims)];
  if (problems.length > 0) {
    const names = fragments.map(({ extension }) => extension).join(', ');
    const unique = [...new Set(problems)];
    throw new SysextError('DEPLOY_CONFLICT', `no document can deploy ${names}:\n  ${unique.join('\n  ')}`, {
      data: { problems: unique },
    });
  }
  return {
    files: merged(
      fragments.flatMap(({ content }) => content.files),
      ({ path }) => path,
    ),
    directories: merged(
      fragments.flatMap(({ content }) => content.directories),
      ({ path }) => path,
    ),
    links: merged(
      fragments.flatMap(({ content }) => content.links),
      ({ path }) => path,
    ),
    units: merged(
      fragments.flatMap(({ content }) => content.units),
      ({ name }) => name,
    ),
  };
}

function merged<T>(entries: readonly T[], key: (entry: T) => string): T[] {
  const byKey = new Map(entries.map((entry) => [key(entry), entry]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

function claimsOf({ extension, content }: ButaneFragment): Claim[] {
  const { files, directories, links, units } = content;
  return [
    ...files.map((entry) => ({ path: entry.path, extension, kind: 'files' as const, entry })),
    ...directories.map((entry) => ({ path: entry.path, extension, kind: 'directories' as const, entry })),
    ...links.map((entry) => ({ path: entry.path, extension, kind: 'links' as const, entry })),
    ...units.map((entry) => ({
      path: `/etc/systemd/system/${entry.name}`,
      extension,
      kind: 'units' as const,
      entry,
    })),
  ];
}

function extensionProblems(fragments: readonly ButaneFragment[]): string[] {
  const names = new Set(fragments.map(({ extension }) => extension));
  const problems: string[] = [];
  for (const name of names) {
    const components = fragments.filter(({ extension }) => extension === name).map(({ component }) => component);
    if (components.length > 1) {
      problems.push(`${name} is there more than once (${components.join(', ')}), and a host merges one image of it`);
    }
  }
  const versions = new Map(fragments.map(({ extension, version }) => [extension, version]));
  for (const { extension, requires, requiresVersion, conflicts } of fragments) {
    for (const [other, range] of Object.entries(requiresVersion)) {
      const version = versions.get(other);
      const problem = version === undefined ? undefined : rangeProblem(range, version);
      if (problem !== undefined) problems.push(`${extension} requires ${other} ${problem}, and ${version} is there`);
    }
    for (const other of requires) {
      if (!names.has(other)) problems.push(`${extension} requires ${other}, which is not there`);
    }
    for (const other of conflicts) {
      if (names.has(other)) problems.push(`${extension} conflicts with ${other}`);
    }
  }
  return problems;
}

/** Read-only on a host, or emptied by every boot. */
const notOnDisk = /^\/(usr|bin|sbin|lib|lib64|dev|proc|run|sys|tmp)(\/|$)/;

/** Below `/opt` there are only images and programs: an extension that brings an `/opt` makes all of it read-only. */
const inOpt = /^\/opt\/(extensions|bin)\/./;

function placeProblems({ path, extension }: Claim): string[] {
  const problem = path.startsWith('/') ? imagePathProblem(path.slice(1)) : 'it is not absolute';
  if (problem !== undefined) return [`${extension} writes ${JSON.stringify(path)}: ${problem}`];
  if (notOnDisk.test(path)) return [`${extension} writes ${path}, which no file of a host's disk can be`];
  if (path.startsWith('/opt/') && !inOpt.test(path)) {
    return [`${extension} writes ${path}; below /opt only /opt/extensions and /opt/bin are used`];
  }
  return [];
}

function claimProblems(claims: readonly Claim[]): string[] {
  const first = new Map<string, Claim>();
  const problems: string[] = [];
  for (const claim of claims) {
    const other = first.get(claim.path);
    if (other === undefined) first.set(claim.path, claim);
    else if (other.kind !== claim.kind || !isDeepStrictEqual(other.entry, claim.entry)) {
      problems.push(`${claim.path}: ${both(other, claim)} differently`);
    }
  }
  for (const claim of claims) {
    for (const above of parentsOf(claim.path)) {
      const other = first.get(above);
      if (other !== undefined && other.kind !== 'directories') {
        problems.push(`${claim.path}: ${claim.extension} writes it below ${above}, which is no directory`);
      }
    }
  }
  return problems;
}

function both(a: Claim, b: Claim): string {
  return a.extension === b.extension ? `${a.extension} writes it twice,` : `${a.extension} and ${b.extension} write it`;
}

function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(2).map((_, index) => parts.slice(0, index + 2).join('/'));
}
