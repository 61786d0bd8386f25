import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { SysextError, ioError } from './errors.ts';
import type { Extension } from './recipe.ts';
import type { PackageChange } from './sources/debian/package-changes.ts';

/** A version of a program that an update brought. */
export interface VersionChange {
  /** The extension's own name, or a companion's. */
  readonly program: string;
  /** The version before; `undefined` when there was none: the first, or a new series. */
  readonly from: string | undefined;
  readonly to: string;
  /** Of a companion: the version of the extension that it is beside. */
  readonly beside?: string;
  /** It is now the version that `build` takes when none is named. */
  readonly isDefault?: boolean;
  /** The packages of Debian that changed, where the version did not. */
  readonly packages?: readonly PackageChange[];
}

/**
 * The changeset that tells an update of an extension, where its workspace keeps them; `undefined` outside of one.
 *
 * @throws SysextError `IO` when the extension's `package.json` names no package.
 */
export async function changesetFor(
  extension: Extension,
  changes: readonly VersionChange[],
): Promise<readonly [path: string, text: string] | undefined> {
  const directory = await changesetDirectory(extension.directory);
  if (directory === undefined) return undefined;
  const name = `${stemOf(extension, changes[0]!)}.md`;
  return [join(directory, name), renderChangeset(await packageName(extension.directory), changes)];
}

/** A new revision has a name of its own: it must not take the place of what brought its version. */
function stemOf({ name }: Extension, { program, to, packages: [revised] = [] }: VersionChange): string {
  const stem = program === name ? `${program}-${to}` : `${name}-${program}-${to}`;
  if (revised === undefined) return stem;
  return `${stem}-${revised.name}-${revised.to ?? 'gone'}`.replaceAll(/[^\w.-]/g, '-');
}

/**
 * Text of a changeset: `patch` when every program stays within its first two numbers, `minor` otherwise.
 */
function renderChangeset(packageName: string, changes: readonly VersionChange[]): string {
  const bump = changes.every(({ from, to }) => from !== undefined && minorOf(from) === minorOf(to)) ? 'patch' : 'minor';
  const lines = changes.map(describeChange);
  const body = lines.length === 1 ? lines[0]! : lines.map((line) => `- ${line}`).join('\n');
  return `---\n'${packageName}': ${bump}\n---\n\n${body}\n`;
}

/** `etcd v3.5.33 → v3.5.34, the default`, or `haproxy 3.0.11: libc6 2.41-12+deb13u5 → 2.41-12+deb13u6` */
export function describeChange({ program, from, to, beside, isDefault, packages = [] }: VersionChange): string {
  const versions = from === undefined || from === to ? to : `${from} → ${to}`;
  const place = beside === undefined ? '' : ` beside ${beside}`;
  const revised = packages.length === 0 ? '' : `: ${packages.map(describePackage).join(', ')}`;
  return `${program} ${versions}${place}${isDefault === true ? ', the default' : ''}${revised}`;
}

function describePackage({ name, from, to }: PackageChange): string {
  if (to === undefined) return `no ${name}`;
  return from === undefined ? `${name} ${to}` : `${name} ${from} → ${to}`;
}

/** The first two numbers of a version, which a patch leaves as they are. */
function minorOf(version: string): string {
  return (version.match(/\d+/g) ?? []).slice(0, 2).join('.');
}

async function changesetDirectory(from: string): Promise<string | undefined> {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, '.changeset');
    if ((await stat(join(candidate, 'config.json')).catch(() => undefined))?.isFile() === true) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

const Manifest = z.object({ name: z.string().regex(/^(@[a-z0-9-][\w.-]*\/)?[a-z0-9-][\w.-]*$/) });

async function packageName(directory: string): Promise<string> {
  const path = join(directory, 'package.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw ioError(error, 'cannot read the name of the package', path);
  }
  try {
    return Manifest.parse(JSON.parse(text)).name;
  } catch (error) {
    throw new SysextError('IO', `${path} names no package`, { cause: error });
  }
}
