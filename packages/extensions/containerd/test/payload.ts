import { type Payload, buildRunc } from '@sysext/payload';
import containerd from '../extension.ts';

/** runc comes as a release alone. */
export const payload: Payload = { extension: containerd, programs: { runc: buildRunc } };
