import { createHash } from 'node:crypto';
import { type Arch } from '@sysext/core';
import { type ArchiveMember, tar } from '@sysext/testing';

/** An image of one program. */
export interface Container {
  /** By which a runtime knows it: `docker.io/library/hello:1`. */
  readonly name: string;
  readonly arch: Arch;
  /** A static program: all there is in the container. */
  readonly program: Uint8Array;
}

const goNames = { 'x86-64': 'amd64', arm64: 'arm64' } as const;

/**
 * A container image as a tar of an OCI image layout, for `ctr image import` (image-spec 1.1, image-layout.md).
 */
export function ociArchive({ name, arch, program }: Container): Buffer {
  const blobs: ArchiveMember[] = [];
  const add = (mediaType: string, content: string | Uint8Array): object => {
    const bytes = Buffer.from(content);
    const digest = createHash('sha256').update(bytes).digest('hex');
    blobs.push({ path: `blobs/sha256/${digest}`, content: bytes, mode: 0o644 });
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const layer = tar([{ path: 'program', content: program, mode: 0o755 }]);
  const platform = { architecture: goNames[arch], os: 'linux' };
  const config = {
    ...platform,
    config: { Entrypoint: ['/program'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: add('application/vnd.oci.image.config.v1+json', JSON.stringify(config)),
    layers: [add('application/vnd.oci.image.layer.v1.tar', layer)],
  };
  const descriptor = add(manifest.mediaType, JSON.stringify(manifest));
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ ...descriptor, platform, annotations: { 'io.containerd.image.name': name } }],
  };
  return tar([
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}', mode: 0o644 },
    { path: 'index.json', content: JSON.stringify(index), mode: 0o644 },
    ...blobs,
  ]);
}
