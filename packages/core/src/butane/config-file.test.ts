import { expect, test } from 'vitest';
import { configFile } from './config-file.ts';

test('one file, as it is given, with an end of line; and what else belongs there', () => {
  const directories = [{ path: '/etc/demo', mode: 0o750, gid: 851 }];
  const { provision } = configFile({ path: '/etc/demo/demo.conf', mode: 0o640, gid: 851 }, { directories });
  const file = { path: '/etc/demo/demo.conf', mode: 0o640, gid: 851, text: 'listen 127.0.0.1\n' };
  expect(provision({ config: 'listen 127.0.0.1' })).toEqual({ directories, files: [file] });
  expect(provision({ config: 'listen 127.0.0.1\n' })).toEqual({ directories, files: [file] });
});

test('an empty one is refused', () => {
  expect(configFile({ path: '/etc/demo.conf' }).parameters.safeParse({ config: '' }).success).toBe(false);
});
