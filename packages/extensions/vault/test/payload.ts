import type { Payload } from '@sysext/payload';
import vault from '../extension.ts';

/** The newest version that Go modules deliver; version 2 comes as a release alone. */
export const payload: Payload = { extension: vault, version: '1.21.0' };
