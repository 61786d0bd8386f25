import { type Host, type HostOptions, bootHost, describeHost } from '@sysext/test-host';
import { temporaryDirectory } from '@sysext/testing';
import { afterAll, beforeAll } from 'vitest';
import { type Payload, buildPayload } from './build.ts';

export type { Payload } from './build.ts';

/** Boots a host with the images of the suite merged, beside those that the options name. */
export type Boot = (options?: Omit<HostOptions, 'images'>) => Promise<Host>;

/* oxlint-disable vitest/valid-title, vitest/valid-describe-callback -- this defines suites on behalf of others */

/**
 * A suite of tests on hosts that have the real programs of extensions: their images are built once, before the first
 * test, from everything but release hosts. Skipped where no host can be booted, as `describeHost` says.
 */
export function describePayload(name: string, payloads: readonly Payload[], tests: (boot: Boot) => void): void {
  describeHost(name, () => {
    const images: Record<string, string> = {};
    const stack = new AsyncDisposableStack();
    // Compiling Kubernetes for the first time takes minutes.
    beforeAll(async () => {
      const { path } = stack.use(await temporaryDirectory());
      for (const payload of payloads) images[payload.extension.name] = await buildPayload(payload, path);
    }, 1_800_000);
    afterAll(async () => await stack.disposeAsync());
    tests(async (options) => await bootHost({ ...options, images }));
  });
}
