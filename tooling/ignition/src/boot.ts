import { type Host, type HostOptions, bootHost } from '@sysext/test-host';
import { applyIgnition } from './apply.ts';
import { transpile, validate } from './transpile.ts';

/**
 * Boots a host for the first time, after Butane and Ignition have written its disk as a document says: what happens to
 * a machine between its provisioning and its login.
 *
 * Ignition fetches as the test process does, not as the host will: what it fetches may be served at the gateway of the
 * host's network, which both of them reach.
 *
 * @throws Error with what Butane, the validator or Ignition say, or what `bootHost` throws.
 */
export async function bootDeployed(butane: string, options: Omit<HostOptions, 'prepare'> = {}): Promise<Host> {
  const ignition = await transpile(butane);
  await validate(ignition);
  return await bootHost({ ...options, prepare: async (root) => await applyIgnition(ignition, root) });
}
