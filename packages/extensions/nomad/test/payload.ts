import type { Payload } from '@sysext/payload';
import nomad from '../extension.ts';

/** The newest version that Go modules deliver; version 2 comes as a release alone. */
export const payload: Payload = { extension: nomad, version: '1.11.3' };
