import * as z from 'zod';
import type { ButaneRecipe } from './define.ts';
import type { ButaneFile } from './document.ts';
import type { Provision } from './fragment.ts';

const Parameters = z.strictObject({
  /** Text of the file. It is in the document for everyone who reads that. */
  config: z.string().min(1),
});

/**
 * Deploys an extension by the text of one configuration file, its parameter `config`; `more` is what else belongs on the
 * host, such as the directory of the file with a mode of its own:
 *
 * ```ts
 * export const butane = defineButane(extension, {
 *   ...configFile({ path: '/etc/demo/demo.conf', mode: 0o600 }),
 *   example: { config: 'listen 127.0.0.1\n' },
 * });
 * ```
 */
export function configFile(
  file: Omit<ButaneFile, 'text'>,
  more: Provision = {},
): Pick<ButaneRecipe<typeof Parameters>, 'parameters' | 'provision'> {
  return {
    parameters: Parameters,
    provision: ({ config }) => ({
      ...more,
      files: [...(more.files ?? []), { ...file, text: config.endsWith('\n') ? config : `${config}\n` }],
    }),
  };
}
