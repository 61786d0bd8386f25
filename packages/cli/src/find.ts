import { createRequire } from 'node:module';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ButaneFunction, type Extension, SysextError, defineButane, nameProblem } from '@sysext/core';

/** A recipe may be source, as in a checkout, or compiled, as in a published package. */
const recipeFiles = ['extension.ts', 'extension.js'] as const;

/**
 * Finds an extension by name or by directory: a path, the workspace's `packages/extensions`, or
 * the package `@sysext/<name>` as seen from the current directory.
 *
 * @throws SysextError `UNKNOWN_EXTENSION`, naming those there are; `NAME_INVALID`.
 */
export async function findExtension(target: string, from = process.cwd()): Promise<Extension> {
  if (target.startsWith('.') || target.includes('/')) {
    const file = await recipeIn(resolve(from, target));
    if (file !== undefined) return await loadExtension(file);
    throw new SysextError('UNKNOWN_EXTENSION', `${target} holds no ${recipeFiles[0]}`);
  }
  const problem = nameProblem(target);
  if (problem !== undefined)
    throw new SysextError('NAME_INVALID', `${JSON.stringify(target)} is no name of an extension: ${problem}`);
  const all = await recipeFilesFrom(from);
  const file = all.get(target) ?? (await installedRecipe(target, from));
  if (file !== undefined) return await loadExtension(file);
  const known = [...all.keys()];
  throw new SysextError('UNKNOWN_EXTENSION', `there is no extension ${JSON.stringify(target)} here`, {
    hint:
      known.length === 0
        ? `npm install @sysext/${target}, or run this in a checkout`
        : `there are: ${known.join(', ')}; sysext new ${target} starts another`,
  });
}

/** All extensions that can be built from a directory, by name. */
export async function findAll(from = process.cwd()): Promise<Extension[]> {
  const files = await recipeFilesFrom(from);
  return await Promise.all(
    [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(async ([, file]) => await loadExtension(file)),
  );
}

/** The directory of the workspace around `from` in which extensions are kept, if there is one. */
export async function extensionsDirectory(from = process.cwd()): Promise<string | undefined> {
  for (const directory of upwards(from)) {
    const candidate = join(directory, 'packages', 'extensions');
    if ((await stat(candidate).catch(() => undefined))?.isDirectory() === true) return candidate;
  }
  return undefined;
}

/** Recipes of the workspace, or else of the installed packages. */
async function recipeFilesFrom(from: string): Promise<Map<string, string>> {
  const workspace = await extensionsDirectory(from);
  if (workspace !== undefined) return await recipesBelow(workspace);
  for (const directory of upwards(from)) {
    const found = await recipesBelow(join(directory, 'node_modules', '@sysext'));
    if (found.size > 0) return found;
  }
  return new Map();
}

async function recipesBelow(directory: string): Promise<Map<string, string>> {
  const recipes = new Map<string, string>();
  for (const name of await readdir(directory).catch(() => [])) {
    const file = await recipeIn(join(directory, name));
    if (file !== undefined) recipes.set(name, file);
  }
  return recipes;
}

async function recipeIn(directory: string): Promise<string | undefined> {
  for (const name of recipeFiles) {
    const file = join(directory, name);
    if ((await stat(file).catch(() => undefined))?.isFile() === true) return file;
  }
  return undefined;
}

async function installedRecipe(name: string, from: string): Promise<string | undefined> {
  try {
    const manifest = createRequire(join(from, 'package.json')).resolve(`@sysext/${name}`);
    return await recipeIn(dirname(manifest));
  } catch {
    return undefined;
  }
}

/**
 * How an extension is deployed: by what its module exports as `butane`, or as one that needs nothing of its own.
 *
 * @throws SysextError `RECIPE_INVALID`.
 */
export async function findButane(extension: Extension): Promise<ButaneFunction> {
  const file = await recipeIn(extension.directory);
  const { butane } = file === undefined ? {} : await importModule(file);
  if (typeof butane === 'function') return butane as ButaneFunction;
  if (butane === undefined) return defineButane(extension);
  throw new SysextError('RECIPE_INVALID', `${file} exports a butane that is no function`, {
    hint: 'export const butane = defineButane(extension, { … })',
  });
}

async function loadExtension(file: string): Promise<Extension> {
  const { default: loaded } = await importModule(file);
  if (typeof loaded === 'object' && loaded !== null && 'directory' in loaded && 'name' in loaded)
    return loaded as Extension;
  throw new SysextError('RECIPE_INVALID', `${file} does not export an extension as its default`, {
    hint: 'export default defineExtension(import.meta.dirname, { … })',
  });
}

async function importModule(file: string): Promise<{ readonly default?: unknown; readonly butane?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (error) {
    if (error instanceof SysextError) throw error;
    throw new SysextError(
      'RECIPE_INVALID',
      `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function* upwards(from: string): Generator<string> {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    yield directory;
    if (directory === dirname(directory)) return;
  }
}
