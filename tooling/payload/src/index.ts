export { buildPayload } from './build.ts';
export { type Boot, type Payload, describePayload } from './describe.ts';
export { type Container, ociArchive } from './oci.ts';
export { buildRunc } from './runc.ts';
