import { defineConfig } from 'vitest/config';

/** Tests of real programs that take long: `pnpm test:full`. One file at a time, since each may compile. */
export default defineConfig({
  test: {
    include: ['**/*.full.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    fileParallelism: false,
  },
});
