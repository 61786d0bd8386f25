import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { acquireAll } from './acquire.ts';
import { type Arch, architectures } from './arch.ts';
import { hashFile } from './cache.ts';
import type { Context } from './context.ts';
import { readDirectoryTree } from './directory.ts';
import { releaseDirectory } from './extension-release.ts';
import { openImage } from './image/read.ts';
import { lint } from './lint/lint.ts';
import type { Finding } from './lint/rule.ts';
import type { Subject } from './lint/subject.ts';
import { readLock } from './lock.ts';
import { type PlanOptions, makePlans } from './plan.ts';
import type { Extension } from './recipe.ts';
import { BuildRecord } from './record.ts';
import { repairing } from './repair.ts';
import { type Tree, stage, verifyTree } from './tree.ts';
import { imageStem } from './version.ts';

/** What was checked, and what was found. */
export interface Checked {
  /** The image, directory, or image to be. */
  readonly subject: string;
  /** Name under which a host would see it. */
  readonly name: string;
  readonly findings: readonly Finding[];
}

/**
 * Lints an image of anybody's. Version and architecture are told from its file name, where that
 * has the form `<name>-<version>-<arch>.raw`. Where the image's build record lies beside it, what the
 * recipe allowed counts as allowed.
 *
 * @param name the name a host will see; by its release file, or else its file name, when absent.
 * @throws SysextError what `openImage` throws.
 */
export async function checkImage(context: Context, file: string, name?: string): Promise<Checked> {
  await using image = await openImage(context, file);
  const stem = basename(file).replace(/(\.sysext)?\.raw$/, '');
  const chosen = name ?? nameOf(image.tree) ?? stem;
  const arch = architectures.find((candidate) => stem.endsWith(`-${candidate}`));
  const version =
    arch !== undefined && stem.startsWith(`${chosen}-`) ? stem.slice(chosen.length + 1, -arch.length - 1) : undefined;
  const recipe = await recordedRecipe(file);
  const findings = await lint({ name: chosen, version, arch, tree: image.tree, image: image.facts, recipe });
  return { subject: file, name: chosen, findings };
}

/** What the recipe said when the image was made, by the record beside it; `undefined` without one of this very image. */
async function recordedRecipe(file: string): Promise<Subject['recipe']> {
  const text = await readFile(file.replace(/\.raw$/, '.json'), 'utf8').catch(() => '{}');
  const { success, data } = BuildRecord.safeParse(parseJson(text));
  if (!success || data.image.sha256 !== (await hashFile(file)).sha256) return undefined;
  const { conflicts, requires, services, findings } = data;
  const allow = findings.flatMap(({ rule, path, allowed }) =>
    path === undefined || allowed === undefined ? [] : [{ rule, path, why: allowed }],
  );
  const started = Object.entries(services).map(([unit, start]) => [unit, { start }] as const);
  return { allow, conflicts, requires, services: Object.fromEntries(started) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lints a directory that is laid out as an image. */
export async function checkDirectory(directory: string, name?: string): Promise<Checked> {
  const tree = await readDirectoryTree(directory);
  const chosen = name ?? nameOf(tree) ?? basename(directory);
  return { subject: directory, name: chosen, findings: await lint({ name: chosen, tree }) };
}

/** Lints what an extension would build, without building it: one result per architecture. */
export async function checkExtension(
  context: Context,
  extension: Extension,
  options: PlanOptions & { readonly arches: readonly Arch[] },
): Promise<Checked[]> {
  const plans = makePlans(extension, await readLock(extension.directory), options.arches, options);
  const checked: Checked[] = [];
  for (const plan of plans) {
    const { name, version, arch } = plan;
    const findings = await repairing(context, async () => {
      const tree = await stage(context.cache, plan, await acquireAll(context, plan));
      await verifyTree(tree);
      return await lint({ name, version, arch, tree, recipe: extension });
    });
    checked.push({ subject: imageStem(plan), name, findings });
  }
  return checked;
}

/** The name that the only release file of a tree is for. */
function nameOf(tree: Tree): string | undefined {
  const prefix = `${releaseDirectory}/extension-release.`;
  const names = [...tree.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  return names.length === 1 ? names[0] : undefined;
}
