import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { machineArch, renderSetup } from '@sysext/core';
import { noise } from '@sysext/testing';
import { execa } from 'execa';

const arch = machineArch() ?? 'x86-64';

/** What of a recipe counts for a host that has the image. */
export const recipe = { name: 'demo', services: { 'demo.service': { start: 'on-merge' } } } as const;

/** What an image has in it that it should not have, or lacks. */
export interface DemoOptions {
  /** False: no release file, which makes systemd-sysext refuse every image of the host. */
  readonly release?: boolean;
  /** `ID` of the release file; `flatcar` when absent. */
  readonly id?: string;
  /** What the service runs; it stays when absent. */
  readonly program?: string;
  /** Further files: path in the image → text. They may declare users and directories. */
  readonly files?: Readonly<Record<string, string>>;
  /** Bytes that do not compress. */
  readonly ballast?: number;
}

/** File name of the demo image of a version. */
export const demoFile = (version: string): string => `demo-${version}-${arch}.raw`;

/** Version of the image with that file name. */
export const demoVersion = (file: string): string => file.slice('demo-'.length, -`-${arch}.raw`.length);

/**
 * Makes the image of a demo extension: `/usr/share/demo/version`, and a service that is kept up
 * once the image is merged.
 *
 * @returns path of the image.
 */
export async function makeDemo(directory: string, version: string, options: DemoOptions = {}): Promise<string> {
  const { release = true, id = 'flatcar', program = 'exec sleep infinity', ballast = 0 } = options;
  const { files: further = {} } = options;
  const units = 'usr/lib/systemd/system';
  const fields = { ID: id, SYSEXT_LEVEL: '1.0', EXTENSION_RELOAD_MANAGER: '1', SYSEXT_VERSION_ID: version };
  const text = Object.entries(fields).map(([key, value]) => `${key}=${value}\n`);
  const files: Record<string, string | Uint8Array> = {
    'usr/bin/demo': `#!/bin/sh\n${program}\n`,
    'usr/share/demo/ballast': noise(ballast),
    'usr/share/demo/version': `${version}\n`,
    [`${units}/demo.service`]: '[Service]\nType=exec\nExecStart=/usr/bin/demo\n',
    [`${units}/multi-user.target.d/10-demo.conf`]: '[Unit]\nUpholds=demo.service\n',
    ...further,
    ...Object.fromEntries(renderSetup(recipe, Object.keys(further))),
    ...(release ? { 'usr/lib/extension-release.d/extension-release.demo': text.join('') } : {}),
  };
  const tree = join(directory, `${version}.tree`);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content, { mode: path.startsWith('usr/bin/') ? 0o755 : 0o644 });
  }
  const image = join(directory, demoFile(version));
  await rm(image, { force: true });
  await execa('mksquashfs', [tree, image, '-all-root', '-quiet', '-no-progress', '-noappend']);
  await rm(tree, { recursive: true });
  return image;
}
