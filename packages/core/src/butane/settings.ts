import * as z from 'zod';

/** One line of text: a value that a program gets as it is. */
const Line = z.string().regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'one line of text');
const Value = z.union([Line, z.number(), z.boolean(), z.array(Line)]);

/**
 * Settings of a program that reads its command-line flags from a YAML file, by their names without `--`:
 * `{ 'node-label': ['disk=ssd'], 'disable-kube-proxy': true }`.
 */
export const Settings = z.record(z.string().regex(/^[a-z][a-z0-9-]*\+?$/, 'the name of a flag, without "--"'), Value);
export type Settings = z.output<typeof Settings>;

/** The file that holds them. A value is written as JSON, which YAML takes for the same. */
export function renderSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}
