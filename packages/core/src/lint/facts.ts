import { isUtf8 } from 'node:buffer';
import { type Arch, isArch } from '../arch.ts';
import { type ParsedRelease, parseExtensionRelease, releaseDirectory } from '../extension-release.ts';
import { type Tree, readRange } from '../tree.ts';
import { type Account, parseSysusers } from './facts/accounts.ts';
import { lookUp } from './facts/lookup.ts';
import { type ProgramFacts, gatherPrograms } from './facts/programs.ts';
import { type TmpfilesLine, parseTmpfiles } from './facts/tmpfiles.ts';
import { type UnitsFacts, unitTextPaths, unitsFacts } from './facts/units.ts';
import type { Subject } from './subject.ts';

/** A subject with everything about it that more than one rule wants to know. */
export interface Facts extends Subject, ProgramFacts, UnitsFacts {
  /** The release file that a host takes for the subject's name. */
  readonly release: ReleaseFile | undefined;
  /** Names that files in the release directory are for: `demo` for `extension-release.demo`. */
  readonly releaseNames: readonly string[];
  /** VERSION_ID of the only OS release that merges the image; absent when several do. */
  readonly pinnedTo: string | undefined;
  /** Architecture the programs are for: what the release file says, else what the plan or the file name says. */
  readonly programArch: Arch | undefined;
  /** Users and groups that the image declares. */
  readonly accounts: readonly Account[];
  /** What the image has systemd-tmpfiles make. */
  readonly tmpfiles: readonly TmpfilesLine[];
}

/** A release file, where it is, and whether a host can read it at all. */
interface ReleaseFile extends ParsedRelease {
  readonly path: string;
  /** Why a host refuses it. */
  readonly unreadable: string | undefined;
}

/** More than any real unit, release file or `sysusers.d` file has. */
const maxTextBytes = 1 << 20;

/** Reads what the rules need out of a subject's tree: some text files, and the first bytes of every other. */
export async function gatherFacts(subject: Subject): Promise<Facts> {
  const { tree } = subject;
  const releaseNames = [...tree.keys()].flatMap((path) => {
    const name = releaseName(path);
    return name === undefined ? [] : [name];
  });
  const release = await readRelease(tree, subject.name, releaseNames);
  const fields = release?.fields ?? {};
  const pinnedTo = fields['ID'] === '_any' || fields['SYSEXT_LEVEL'] ? undefined : fields['VERSION_ID'];
  const promised = fields['ARCHITECTURE'];

  const texts = await readTexts(tree, unitTextPaths(tree));
  const sysusers = await readTexts(tree, [...tree.keys()].filter(isSysusersPath));
  const tmpfiles = await readTexts(tree, [...tree.keys()].filter(isTmpfilesPath));
  return {
    ...subject,
    ...(await gatherPrograms(tree)),
    ...unitsFacts(tree, texts),
    release,
    releaseNames,
    pinnedTo: pinnedTo === '' ? undefined : pinnedTo,
    programArch: isArch(promised) ? promised : subject.arch,
    accounts: [...sysusers].flatMap(([path, text]) => parseSysusers(path, text)),
    tmpfiles: [...tmpfiles].flatMap(([path, text]) => parseTmpfiles(path, text)),
  };
}

/** True for files that systemd-sysusers reads. */
export function isSysusersPath(path: string): boolean {
  return /^usr\/lib\/sysusers\.d\/[^/]+\.conf$/.test(path);
}

/** True for files that systemd-tmpfiles reads. */
export function isTmpfilesPath(path: string): boolean {
  return /^usr\/lib\/tmpfiles\.d\/[^/]+\.conf$/.test(path);
}

function releaseName(path: string): string | undefined {
  const prefix = `${releaseDirectory}/extension-release.`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/**
 * The file for exactly this name; else the one for the name up to its first `_` or `+`, which
 * systemd accepts since 255.7 (systemd-sysext(8)).
 */
async function readRelease(tree: Tree, name: string, names: readonly string[]): Promise<ReleaseFile | undefined> {
  const wanted = [name, name.split(/[_+]/, 1)[0]!].find((candidate) => names.includes(candidate));
  if (wanted === undefined) return undefined;
  const path = `${releaseDirectory}/extension-release.${wanted}`;
  const place = lookUp(tree, path);
  const entry = place.kind === 'image' ? place.entry : undefined;
  if (entry?.type !== 'file') {
    const unreadable = entry === undefined ? 'its link leads nowhere' : `it is a ${entry.type}`;
    return { path, unreadable, fields: {}, ignored: [] };
  }
  const bytes = await readRange(entry.content, 0, Math.min(entry.content.size, maxTextBytes));
  const unreadable = isUtf8(bytes) ? undefined : 'it is no UTF-8 text';
  return { path, unreadable, ...parseExtensionRelease(bytes.toString('utf8')) };
}

async function readTexts(tree: Tree, paths: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const path of paths) {
    const entry = tree.get(path);
    if (entry?.type !== 'file') continue;
    const bytes = await readRange(entry.content, 0, Math.min(entry.content.size, maxTextBytes));
    texts.set(path, bytes.toString('utf8'));
  }
  return texts;
}
