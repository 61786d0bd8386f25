import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ExtensionIndex, RepositoryIndex } from './index-file.ts';

test.each([
  ['index', RepositoryIndex],
  ['extension-index', ExtensionIndex],
])('docs/%s.schema.json is the schema that indexes are read by', async (name, schema) => {
  const text = `${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../../../docs', `${name}.schema.json`));
});
