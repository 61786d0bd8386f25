import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tool } from './tool.ts';

/** A directory for one test's images; gone when disposed. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'test-host-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Makes an image named `name` in `directory`: a program `/usr/bin/<name>` that says hello, and
 * a service `<name>.service` that is started when the image is merged.
 */
export async function makeImage(
  directory: string,
  name: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<string> {
  const tree = join(directory, `${name}.tree`);
  const files: Readonly<Record<string, string>> = {
    [`usr/lib/extension-release.d/extension-release.${name}`]:
      'ID=flatcar\nSYSEXT_LEVEL=1.0\nEXTENSION_RELOAD_MANAGER=1\n',
    [`usr/bin/${name}`]: `#!/bin/sh\necho hello from ${name}\nexec sleep infinity\n`,
    [`usr/lib/systemd/system/${name}.service`]: `[Service]\nType=exec\nExecStart=/usr/bin/${name}\n`,
    [`usr/lib/systemd/system/multi-user.target.d/10-${name}.conf`]: `[Unit]\nUpholds=${name}.service\n`,
    ...extra,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text, { mode: path.startsWith('usr/bin/') ? 0o755 : 0o644 });
  }
  const image = join(directory, `${name}-1.0.0-x86-64.raw`);
  await tool('mksquashfs', [tree, image, '-all-root', '-quiet', '-no-progress']);
  return image;
}

/**
 * Boots a host with an image named `hello` in another process, which `prefix` may run in
 * another environment, and kills that; returns the subnet of the host's network.
 */
export async function bootAndKill(name: string, image: string, prefix: readonly string[] = []): Promise<string> {
  const child = tool(
    'env',
    [...prefix, process.execPath, fileURLToPath(import.meta.resolve('./child.ts')), name, image],
    { reject: false, stderr: 'inherit' },
  );
  child.stdout.once('data', () => child.kill('SIGKILL'));
  return (await child).stdout;
}
