import * as z from 'zod';
import { SysextError } from '../errors.ts';
import type { Extension } from '../recipe.ts';
import { parseKeyring } from '../repository/keyring.ts';
import { seriesOf } from '../series.ts';
import type { ButaneFragment } from './document.ts';
import { type Provision, makeFragment } from './fragment.ts';
import { CommonParameters, parameterProblems, parametersInvalid, wording } from './parameters.ts';

/** How an extension is deployed: what has to be known, and what it makes of it. */
export interface ButaneRecipe<Own extends z.ZodObject> {
  /** Strict, and with names that differ from those of {@link CommonParameters}. */
  readonly parameters: Own;
  /** Parameters for the document that is shown with the extension. */
  readonly example: z.input<Own>;
  readonly provision: (parameters: z.output<Own>) => Provision;
}

/**
 * Makes the part of a Butane document that deploys an extension.
 *
 * @throws SysextError `PARAMETERS_INVALID` with every problem found, not just the first.
 */
export interface ButaneFunction<Own extends object = object> {
  (parameters: z.input<typeof CommonParameters> & Own): Promise<ButaneFragment>;
  readonly example: Own;
}

/** Deploys an extension that needs nothing of its own: the image, and what keeps it current. */
export function defineButane(extension: Extension): ButaneFunction;
/**
 * Declares how an extension is deployed. Every `extension.ts` exports the result as `butane`:
 *
 * ```ts
 * export const butane = defineButane(extension, {
 *   parameters: z.strictObject({ name: z.string() }),
 *   example: { name: 'node1' },
 *   provision: ({ name }) => ({ files: [{ path: '/etc/demo', text: `${name}\n` }], start: ['demo.service'] }),
 * });
 * ```
 */
export function defineButane<Own extends z.ZodObject>(
  extension: Extension,
  recipe: ButaneRecipe<Own>,
): ButaneFunction<z.input<Own>>;
export function defineButane(
  extension: Extension,
  recipe: ButaneRecipe<z.ZodObject> = { parameters: z.strictObject({}), example: {}, provision: () => ({}) },
): ButaneFunction {
  const butane = async (parameters: Readonly<Record<string, unknown>>): Promise<ButaneFragment> => {
    const commonNames = Object.keys(CommonParameters.shape);
    const isCommon = ([name]: [string, unknown]): boolean => commonNames.includes(name);
    const entries = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const common = CommonParameters.safeParse(Object.fromEntries(entries.filter(isCommon)), wording);
    const own = recipe.parameters.safeParse(Object.fromEntries(entries.filter((entry) => !isCommon(entry))), wording);
    const problems = [common, own].flatMap(({ error }) => (error === undefined ? [] : parameterProblems(error)));
    if (common.success) problems.push(...(await commonProblems(extension, common.data)));
    if (problems.length > 0 || !common.success || !own.success) throw parametersInvalid(extension.name, problems);
    return await makeFragment(extension, common.data, recipe.provision(own.data));
  };
  return Object.assign(butane, { example: recipe.example });
}

/** What a schema cannot tell of the common parameters. */
async function commonProblems(extension: Extension, parameters: CommonParameters): Promise<string[]> {
  const { image, keyring, series, update = true, verify = true } = parameters;
  const problems: string[] = [];
  const found = seriesOf(extension.series, image.version)?.name;
  if (series !== undefined && series !== found) {
    problems.push(
      extension.series === undefined
        ? `series: ${extension.name} has none`
        : `series: the image ${image.version} is of ${found === undefined ? 'none' : `the series ${found}`}`,
    );
  }
  if (update && verify && keyring === undefined) {
    problems.push('keyring: is missing; only a repository that is published unsigned goes without, with verify: false');
  }
  if (keyring !== undefined && !verify) problems.push('verify: is false, and there is a keyring to verify with');
  if (keyring !== undefined) {
    await parseKeyring(keyring, 'it').catch((error: unknown) => {
      if (!(error instanceof SysextError)) throw error;
      problems.push(`keyring: ${error.message}`);
    });
  }
  return problems;
}
