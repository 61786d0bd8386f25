import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests start processes, and other packages' tests run beside them.
    testTimeout: 30_000,
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.full.test.ts'],
  },
});
