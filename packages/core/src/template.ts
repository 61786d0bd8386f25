import { SysextError } from './errors.ts';

/** Names of the `{placeholders}` in a template, in order of appearance. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
}

/**
 * Replaces every `{name}` by its value.
 *
 * @throws SysextError `RECIPE_INVALID` when a placeholder has no value.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      throw new SysextError('RECIPE_INVALID', `template ${JSON.stringify(template)}: nothing is known for ${whole}`, {
        hint: `known here: ${Object.keys(values)
          .map((key) => `{${key}}`)
          .join(', ')}`,
      });
    }
    return value;
  });
}
