import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostFiles } from '@sysext/test-host';
import { execa } from 'execa';

const name = 'containerd-flatcar';

/**
 * A stand-in for the image of containerd that Flatcar brings itself, linked where Flatcar links it
 * (flatcar/scripts, build_library/sysext_prod_builder).
 */
export async function builtIn(directory: string): Promise<HostFiles> {
  const files = {
    [`usr/lib/extension-release.d/extension-release.${name}`]: 'ID=flatcar\nSYSEXT_LEVEL=1.0\n',
    'usr/bin/containerd': '#!/bin/sh\necho the built-in one\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, name, dirname(path)), { recursive: true });
    await writeFile(join(directory, name, path), text, { mode: 0o755 });
  }
  const image = join(directory, `${name}.raw`);
  await execa('mksquashfs', [join(directory, name), image, '-all-root', '-quiet', '-no-progress']);
  return {
    [`/opt/built-in/${name}.raw`]: { from: image },
    [`/etc/extensions/${name}.raw`]: { link: `/opt/built-in/${name}.raw` },
  };
}
