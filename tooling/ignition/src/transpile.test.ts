import { expect, test } from 'vitest';
import { describeIgnition } from './describe.ts';
import { transpile, validate } from './transpile.ts';

const document = (storage: string): string => `variant: flatcar\nversion: 1.0.0\nstorage:\n${storage}`;

describeIgnition('Butane', () => {
  test('makes an Ignition configuration of a document', async () => {
    const ignition = await transpile(document('  links:\n    - path: /etc/a\n      target: b\n'));
    expect(JSON.parse(ignition)).toEqual({
      ignition: { version: '3.3.0' },
      storage: { links: [{ path: '/etc/a', target: 'b' }] },
    });
    await validate(ignition);
  });

  test('objects to a field it does not know, which is only a warning without --strict', async () => {
    await expect(transpile(document('  links:\n    - path: /etc/a\n      target: b\n      mode: 1\n'))).rejects.toThrow(
      /unused key mode/i,
    );
  });

  test("Ignition's validator objects to a configuration that it would refuse", async () => {
    await expect(
      validate('{"ignition":{"version":"3.3.0"},"storage":{"files":[{"path":"relative"}]}}'),
    ).rejects.toThrow(/path not absolute/);
  });
});
