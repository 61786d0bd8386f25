import { describePayload } from '@sysext/payload';
import { Terminal } from '@sysext/test-host';
import { expect, test } from 'vitest';
import tilde from '../extension.ts';

const control = { q: '\u0011', s: '\u0013' };

describePayload('tilde', [{ extension: tilde }], (boot) => {
  test('prints its version', async () => {
    await using host = await boot();
    const { stdout, stderr } = await host.run(['tilde', '--version']);
    expect(stdout + stderr).toContain('1.1.2');
  });

  test('shows a script in colours, and saves what is typed', async () => {
    await using host = await boot();
    await host.write('/root/greet.sh', '#!/bin/sh\nexit 0\n');
    await using editor = await Terminal.start(host, 'tilde /root/greet.sh');
    // The word alone is in another colour.
    expect(await editor.shows('Input Handling')).toContain('exit\u001b[');
    await editor.types(`\r# Greets\r${control.s}`);
    await host.waitUntil(['grep', '--quiet', 'Greets', '/root/greet.sh']);
    await editor.types(control.q);
    expect(await editor.ended()).toBe(0);
    expect(await host.read('/root/greet.sh')).toBe('# Greets\n#!/bin/sh\nexit 0\n');
  });

  test('reads and writes a file in another character set', async () => {
    await using host = await boot();
    const path = '/root/word.txt';
    await host.write(path, Buffer.from('un café\n', 'latin1'));
    await using editor = await Terminal.start(host, `tilde --encoding=ISO-8859-1 ${path}`);
    expect(await editor.shows('Input Handling')).toContain('n café');
    await editor.types(`\rü${control.s}`);
    await host.waitUntil(['sh', '-c', `test "$(wc -c <${path})" = 9`]);
    await editor.types(control.q);
    expect(await editor.ended()).toBe(0);
    const { stdout } = await host.run(['base64', path]);
    expect(Buffer.from(stdout, 'base64').toString('latin1')).toBe('üun café\n');
  });
});
