import { createHash } from 'node:crypto';
import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startUpstream, temporaryDirectory } from '@sysext/testing';
import { expect, test } from 'vitest';
import { applyIgnition } from './apply.ts';
import { describeIgnition } from './describe.ts';

/** A configuration that fetches a file, and links to it. */
function fetching(source: string, bytes: string): string {
  const hash = `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
  return JSON.stringify({
    ignition: { version: '3.4.0' },
    storage: {
      files: [
        { path: '/opt/extensions/a/a.raw', mode: 0o644, contents: { source, verification: { hash } } },
        { path: '/etc/a/key', mode: 0o640, contents: { source: 'data:,secret' } },
      ],
      links: [{ path: '/etc/extensions/a.raw', target: '/opt/extensions/a/a.raw' }],
    },
  });
}

describeIgnition('Ignition', () => {
  test('fetches files, checks them, and writes files and links below a root', async () => {
    await using upstream = await startUpstream();
    await using root = await temporaryDirectory();
    upstream.put('/a.raw', Buffer.from('image'));
    await applyIgnition(fetching(`${upstream.url}/a.raw`, 'image'), root.path);
    expect(await readFile(join(root.path, 'opt/extensions/a/a.raw'), 'utf8')).toBe('image');
    expect(await readlink(join(root.path, 'etc/extensions/a.raw'))).toBe('/opt/extensions/a/a.raw');
    expect((await stat(join(root.path, 'etc/a/key'))).mode & 0o7777).toBe(0o640);
  });

  test('fails on bytes that are not the ones named, and leaves none of them', async () => {
    await using upstream = await startUpstream();
    await using root = await temporaryDirectory();
    upstream.put('/a.raw', Buffer.from('other'));
    await expect(applyIgnition(fetching(`${upstream.url}/a.raw`, 'image'), root.path)).rejects.toThrow(
      /hash verification failed/,
    );
    await expect(lstat(join(root.path, 'opt/extensions/a/a.raw'))).rejects.toThrow('ENOENT');
  });
});
