import { expect, test } from 'vitest';
import { Terminal, bootHost, describeHost } from './index.ts';

describeHost('a terminal', () => {
  test('has a size, shows what is typed, and knows how a command ended', async () => {
    await using host = await bootHost();
    await using terminal = await Terminal.start(host, `sh -c 'stty size; read word; echo "got $word"; exit 3'`);
    expect(await terminal.shows('24 80')).not.toContain('got');
    await terminal.types('one\r');
    expect(await terminal.shows('got one')).toMatch(/^24 80\r\none\r\ngot one\r\n$/);
    expect(await terminal.ended()).toBe(3);
  });

  test('goes with the test', async () => {
    await using host = await bootHost();
    {
      await using terminal = await Terminal.start(host, 'sleep infinity');
      await host.waitUntil(['pgrep', '--exact', 'sleep']);
      expect(terminal).toBeDefined();
    }
    await host.waitUntil(['sh', '-c', '! pgrep --exact sleep']);
    await using second = await Terminal.start(host, 'true');
    expect(await second.ended()).toBe(0);
  });
});
