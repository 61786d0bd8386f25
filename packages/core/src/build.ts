import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { acquireAll } from './acquire.ts';
import type { Arch } from './arch.ts';
import type { Artifact, Input } from './artifact.ts';
import { hashFile, removeLeftovers } from './cache.ts';
import type { Context } from './context.ts';
import { SysextError, ioError } from './errors.ts';
import { parseExtensionRelease, releasePath } from './extension-release.ts';
import { mkfsErofsVersion, writeErofs } from './image/erofs.ts';
import type { Compression, ImageFormat, Profile } from './image/profile.ts';
import { mksquashfsVersion, writeSquashfs } from './image/squashfs.ts';
import { writeXz, xzVersion } from './image/xz.ts';
import { lint } from './lint/lint.ts';
import type { Finding } from './lint/rule.ts';
import { readLock } from './lock.ts';
import { type Plan, type PlanOptions, makePlans } from './plan.ts';
import type { Extension } from './recipe.ts';
import type { BuildRecord } from './record.ts';
import { repairing } from './repair.ts';
import { seriesOf } from './series.ts';
import type { Transport } from './transport.ts';
import { type Tree, readRange, stage, verifyTree } from './tree.ts';
import { imageStem, imageVersion } from './version.ts';
import { syncDirectory, temporaryBeside, writeWhole } from './write.ts';

export interface BuildOptions extends PlanOptions {
  readonly arches: readonly Arch[];
  /** Directory for images and records; made when it is missing. */
  readonly output: string;
  /** `default` when absent. */
  readonly profile?: Profile | undefined;
  /** `squashfs` when absent. */
  readonly format?: ImageFormat | undefined;
  /** How the image goes over the wire; the recipe's choice when absent. */
  readonly transport?: Transport | undefined;
}

/** A finished image. */
export interface BuiltImage {
  /** Path of the image. */
  readonly image: string;
  /** Path of what goes over the wire: the image itself, or what it is packed as. */
  readonly transportFile: string;
  /** Path of the build record beside it. */
  readonly recordFile: string;
  readonly record: BuildRecord;
}

/**
 * Builds the images of an extension: one per architecture, each with its build record.
 *
 * The bytes depend on recipe, lock, options and tool versions alone. An image appears in the
 * output directory whole and linted, or not at all; an image of the same name is replaced.
 *
 * @throws SysextError what any step throws; `LINT_FAILED` carries all findings in `data`.
 */
export async function build(context: Context, extension: Extension, options: BuildOptions): Promise<BuiltImage[]> {
  const transport = options.transport ?? extension.transport ?? 'plain';
  if (transport === 'xz' && options.format === 'erofs') {
    throw new SysextError('USAGE', 'transport: xz goes with squashfs only', { hint: 'leave out --format erofs' });
  }
  const plans = makePlans(extension, await readLock(extension.directory), options.arches, options);
  const built: BuiltImage[] = [];
  for (const plan of plans) {
    const made = await repairing(context, async () => {
      const artifacts = await acquireAll(context, plan);
      const tree = await stage(context.cache, plan, artifacts);
      const findings = await checkTree(context, plan, tree);
      return await writeImage(context, plan, artifacts, tree, findings, { ...options, transport });
    });
    built.push(made);
  }
  return built;
}

/** The name a plan goes by in progress and messages. */
const subjectOf = (plan: Plan): string => `${plan.name} ${imageVersion(plan)} ${plan.arch}`;

async function checkTree(context: Context, plan: Plan, tree: Tree): Promise<Finding[]> {
  const subject = subjectOf(plan);
  context.onEvent({ type: 'start', step: 'lint', subject });
  const findings = await lint({
    name: plan.name,
    version: plan.version,
    arch: plan.arch,
    tree,
    recipe: plan.extension,
  });
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    // A damaged cache entry is no fault of the recipe.
    await verifyTree(tree);
    const list = errors.map(
      ({ rule, path, message, fix }) => `  ${rule}: ${path ?? 'image'}: ${message}\n    fix: ${fix}`,
    );
    throw new SysextError(
      'LINT_FAILED',
      `${subject}: ${errors.length} lint errors, no image was made\n${list.join('\n')}`,
      {
        data: { findings },
        hint: 'fix them, or, where one is meant to be, say why under "allow" in the recipe',
      },
    );
  }
  context.onEvent({ type: 'end', step: 'lint', subject, cached: false, detail: `${findings.length} warnings` });
  return findings;
}

async function writeImage(
  context: Context,
  plan: Plan,
  artifacts: readonly Artifact[],
  tree: Tree,
  findings: readonly Finding[],
  options: BuildOptions & { readonly transport: Transport },
): Promise<BuiltImage> {
  const subject = subjectOf(plan);
  const image = join(options.output, `${imageStem(plan)}.raw`);
  const recordFile = join(options.output, `${imageStem(plan)}.json`);
  const packed = `${image}.xz`;
  const settings = { profile: options.profile ?? 'default', transport: options.transport, subject };
  const format = options.format ?? 'squashfs';
  const temporary = temporaryBeside(image);
  const temporaryPacked = temporaryBeside(packed);
  try {
    await mkdir(options.output, { recursive: true });
    await removeLeftovers(options.output, /^\..*\.(\d+)-[0-9a-f]+\.tmp$/);
    context.onEvent({ type: 'start', step: 'compress', subject });
    const [compression, tool] = await (format === 'squashfs'
      ? Promise.all([
          writeSquashfs(context, tree, temporary, settings),
          versionOf('mksquashfs', mksquashfsVersion(context)),
        ])
      : Promise.all([
          writeErofs(context, tree, temporary, settings),
          versionOf('mkfs.erofs', mkfsErofsVersion(context)),
        ]));
    const file = await hashFile(temporary);
    let transport: BuildRecord['transport'];
    if (options.transport === 'xz') {
      await writeXz(context, temporary, temporaryPacked, settings);
      transport = { kind: 'xz', file: basename(packed), ...(await hashFile(temporaryPacked)) };
    }
    const record = await makeRecord(plan, artifacts, tree, findings, {
      image: { file: basename(image), ...file, format, profile: settings.profile, compression },
      transport,
      tools: { ...tool, ...(transport === undefined ? {} : await versionOf('xz', xzVersion(context))) },
    });
    await sync(temporary);
    // The record first: wherever an image is, its record is too.
    await writeWhole(recordFile, `${JSON.stringify(record, undefined, 2)}\n`);
    if (transport === undefined) await rm(packed, { force: true });
    else {
      await sync(temporaryPacked);
      await rename(temporaryPacked, packed);
    }
    await rename(temporary, image);
    await syncDirectory(dirname(image));
    const { size } = transport ?? file;
    context.onEvent({ type: 'end', step: 'compress', subject, cached: false, detail: `${size} bytes` });
    return { image, transportFile: transport === undefined ? image : packed, recordFile, record };
  } catch (error) {
    for (const unfinished of [temporary, temporaryPacked]) await rm(unfinished, { force: true }).catch(() => undefined);
    context.signal.throwIfAborted();
    throw ioError(error, 'cannot write the image', image);
  }
}

/** A tool and its version, as the record keeps them. */
async function versionOf(tool: string, version: Promise<string>): Promise<Record<string, string>> {
  return { [tool]: await version };
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.chmod(0o644);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Outcome {
  readonly image: Omit<BuildRecord['image'], 'compression'> & { readonly compression: Compression };
  readonly transport: BuildRecord['transport'];
  readonly tools: Readonly<Record<string, string>>;
}

async function makeRecord(
  plan: Plan,
  artifacts: readonly Artifact[],
  tree: Tree,
  findings: readonly Finding[],
  { image, transport, tools }: Outcome,
): Promise<BuildRecord> {
  const { extension } = plan;
  const release = tree.get(releasePath(plan.name));
  const releaseText =
    release?.type === 'file' ? (await readRange(release.content, 0, release.content.size)).toString('utf8') : '';
  const core = await packageOf(join(import.meta.dirname, '..'));
  const series = seriesOf(extension.series, plan.version);
  return {
    schema: 1,
    extension: plan.name,
    package: await packageOf(extension.directory),
    version: plan.version,
    revision: plan.revision,
    ...(series === undefined ? {} : { series }),
    architecture: plan.arch,
    summary: extension.summary,
    homepage: extension.homepage,
    licence: extension.licence,
    requires: extension.requires ?? [],
    conflicts: extension.conflicts ?? [],
    services: Object.fromEntries(Object.entries(extension.services ?? {}).map(([unit, { start }]) => [unit, start])),
    image,
    ...(transport === undefined ? {} : { transport }),
    release: { ...parseExtensionRelease(releaseText).fields },
    programs: Object.fromEntries(artifacts.map(({ program, version, source }) => [program, { version, source }])),
    inputs: [...artifacts.flatMap(({ inputs }) => inputs), ...staticInputs(tree)],
    tools: { ...Object.assign({}, ...artifacts.map(({ tools }) => tools)), ...tools, core },
    paths: [...tree].map(([path, entry]) => recordPath(`/${path}`, entry)),
    findings: findings.map(({ rule, path, message, allowed }) => ({
      rule,
      message,
      ...(path === undefined ? {} : { path }),
      ...(allowed === undefined ? {} : { allowed }),
    })),
  };
}

function staticInputs(tree: Tree): Input[] {
  return [...tree].flatMap(([path, entry]) =>
    entry.type === 'file' && entry.origin === 'files'
      ? [{ kind: 'file' as const, path: `files/${path}`, sha256: entry.content.sha256, size: entry.content.size }]
      : [],
  );
}

function recordPath(
  path: string,
  entry: Tree extends ReadonlyMap<string, infer E> ? E : never,
): BuildRecord['paths'][number] {
  const origin = entry.origin === undefined ? {} : { origin: entry.origin };
  const mode = entry.mode.toString(8).padStart(4, '0');
  switch (entry.type) {
    case 'file':
      return { path, type: 'file', mode, size: entry.content.size, sha256: entry.content.sha256, ...origin };
    case 'directory':
      return { path, type: 'directory', mode, ...origin };
    case 'symlink':
      return { path, type: 'symlink', target: entry.target, ...origin };
    default:
      throw new SysextError('TREE_CONFLICT', `${path} is a ${entry.type}, which no image may hold`);
  }
}

/** `name@version` of the package in a directory. */
async function packageOf(directory: string): Promise<string> {
  const path = join(directory, 'package.json');
  try {
    const { name, version } = JSON.parse(await readFile(path, 'utf8')) as { name?: unknown; version?: unknown };
    return `${String(name)}@${String(version)}`;
  } catch (error) {
    throw ioError(error, 'cannot read', path);
  }
}
