import type { Payload } from '@sysext/payload';
import consul from '../extension.ts';

/** The newest version that Go modules deliver; version 2 comes as a release alone. */
export const payload: Payload = { extension: consul, version: '1.22.7' };
