import { describePayload } from '@sysext/payload';
import { expect, test } from 'vitest';
import wasmedge from '../extension.ts';
import { module } from './module.ts';

// The version that Debian has as well.
describePayload('wasmedge', [{ extension: wasmedge, version: '0.14.1' }], (boot) => {
  test('runs a module: as a command with WASI, and one function of it', async () => {
    await using host = await boot();
    expect((await host.run(['wasmedge', '--version'])).stdout).toContain('0.14.1');
    await host.write('/root/demo.wasm', module);
    expect((await host.run(['wasmedge', '/root/demo.wasm'])).stdout).toBe('hello');
    expect((await host.run(['wasmedge', '--reactor', '/root/demo.wasm', 'fib', '20'])).stdout).toBe('6765');
    const unknown = await host.run(['wasmedge', '--reactor', '/root/demo.wasm', 'other'], { check: false });
    expect(unknown.exitCode).not.toBe(0);
  });

  test('compiles a module ahead of time, on a host that has no linker', async () => {
    await using host = await boot();
    for (const linker of ['ld', 'ld.lld', 'cc']) {
      expect((await host.run(['which', linker], { check: false })).exitCode).not.toBe(0);
    }
    await host.write('/root/demo.wasm', module);
    await host.run(['wasmedge', 'compile', '/root/demo.wasm', '/root/demo.so']);
    expect(await host.read('/root/demo.so')).toMatch(/^\u007fELF/);
    expect((await host.run(['wasmedge', '/root/demo.so'])).stdout).toBe('hello');
    expect((await host.run(['wasmedge', '--reactor', '/root/demo.so', 'fib', '30'])).stdout).toBe('832040');
  });
});
