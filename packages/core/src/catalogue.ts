import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checked } from './check.ts';
import { ioError } from './errors.ts';
import { lint } from './lint/lint.ts';
import { parsePaths } from './listing.ts';
import { findOverlaps } from './overlap.ts';
import type { Extension } from './recipe.ts';
import { textFile } from './tree.ts';

/** Rules that look at nothing but paths. */
const pathRules = new Set(['host-file', 'flatcar-extension-file', 'host-directory-covered', 'host-link-covered']);

/**
 * Compares extensions with Flatcar's own `/usr` and with each other, by the lists of paths that are checked in with
 * them (`test/golden/tree.txt`): nothing is downloaded or built.
 *
 * @returns one result per extension, and a last one for all of them together.
 * @throws SysextError `IO` for an extension without a list.
 */
export async function checkCatalogue(extensions: readonly Extension[]): Promise<Checked[]> {
  const occupants = await Promise.all(extensions.map(async (recipe) => ({ recipe, paths: await listedPaths(recipe) })));
  const checked: Checked[] = [];
  for (const { recipe, paths } of occupants) {
    const { name } = recipe;
    const tree = new Map(paths.map((path) => [path.slice(1), textFile('', 'golden')]));
    const allow = recipe.allow?.filter(({ rule }) => pathRules.has(rule));
    const findings = await lint({ name, tree, recipe: { ...recipe, allow } });
    const ofPaths = findings.filter(({ rule }) => pathRules.has(rule) || rule === 'stale-allowance');
    checked.push({ subject: name, name, findings: ofPaths });
  }
  const all = `${extensions.length} extensions together`;
  return [...checked, { subject: all, name: all, findings: findOverlaps(occupants) }];
}

async function listedPaths({ directory }: Extension): Promise<string[]> {
  const file = join(directory, 'test', 'golden', 'tree.txt');
  try {
    return parsePaths(await readFile(file, 'utf8'), file);
  } catch (error) {
    throw ioError(error, 'cannot read the list of paths', file);
  }
}
