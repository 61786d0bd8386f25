import { describe, expect, test } from 'vitest';
import { Mirrors, displayUrl } from './mirrors.ts';

describe('Mirrors', () => {
  test('the longest prefix wins, whatever the order', () => {
    const mirrors = Mirrors.parse(
      'https://github.com/=https://a.example/gh/\n https://github.com/etcd-io/=https://b.example/',
    );
    expect(mirrors.rewrite('https://github.com/etcd-io/etcd/x')).toBe('https://b.example/etcd/x');
    expect(mirrors.rewrite('https://github.com/other/x')).toBe('https://a.example/gh/other/x');
    expect(mirrors.rewrite('https://elsewhere.example/')).toBe('https://elsewhere.example/');
  });
  test.each(['x', 'https://a.example', 'ftp://a=https://b', '=https://b.example/'])('%j is refused', (text) => {
    expect(() => Mirrors.parse(text)).toThrow(/mirror/);
  });
});

test('a shown URL holds no secret', () => {
  expect(displayUrl('https://user:secret@a.example/f?token=secret')).toBe(
    'https://a.example/f?%E2%80%A6'.replace('%E2%80%A6', '…'),
  );
  expect(displayUrl('nonsense')).not.toContain('nonsense');
});
