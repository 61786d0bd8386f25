import { describe, expect, test } from 'vitest';
import type { Download } from './sources/source.ts';
import { compileSelection, rawPlacement } from './selection.ts';

const fill = (text: string): string => text.replaceAll('{version}', 'v1');
const select = (download: Partial<Download>, member: string): string | undefined =>
  compileSelection({ url: 'https://a.example/a.tar.gz', take: {}, ...download }, fill).select(member)?.path;

describe('compileSelection', () => {
  test.each([
    ['a name into a directory', { take: { demo: '/usr/bin/' } }, 'demo', 'usr/bin/demo'],
    ['a name to another name', { take: { demo: '/usr/bin/d' } }, 'demo', 'usr/bin/d'],
    ['a placeholder', { take: { 'demo-{version}': '/usr/bin/demo' } }, 'demo-v1', 'usr/bin/demo'],
    ['leading components', { strip: 1, take: { 'bin/demo': '/usr/bin/' } }, 'x/bin/demo', 'usr/bin/demo'],
    ['part of a name', { take: { 'bin/*': '/usr/bin/' } }, 'bin/a', 'usr/bin/a'],
    ['not below it', { take: { 'bin/*': '/usr/bin/' } }, 'bin/a/b', undefined],
    ['any depth', { take: { '**/demo': '/usr/bin/' } }, 'a/b/demo', 'usr/bin/demo'],
    ['a subtree keeps its form', { take: { 'lib/': '/usr/lib/' } }, 'lib/a/b.so', 'usr/lib/a/b.so'],
    ['dot files of a subtree', { take: { 'lib/': '/usr/lib/' } }, 'lib/.a', 'usr/lib/.a'],
    ['what is left', { take: { 'bin/*': '/usr/bin/' }, leave: ['bin/uninstall*'] }, 'bin/uninstall.sh', undefined],
    ['another name', { take: { demo: '/usr/bin/' } }, 'demo2', undefined],
    ['fewer components than are stripped', { strip: 2, take: { '**': '/usr/' } }, 'a/b', undefined],
  ])('%s', (_, download, member, path) => expect(select(download, member)).toBe(path));

  test('names the patterns that found nothing, but for optional ones', () => {
    const selection = compileSelection(
      { url: 'https://a.example/', take: { a: '/usr/bin/', b: '/usr/bin/', c: { to: '/usr/bin/', optional: true } } },
      fill,
    );
    expect(selection.missing(new Set(['a']))).toEqual(['b']);
  });

  test('sets the mode the recipe names', () => {
    const selection = compileSelection(
      { url: 'https://a.example/', take: { a: { to: '/usr/bin/', mode: '04755' } } },
      fill,
    );
    expect(selection.select('a')).toMatchObject({ mode: 0o4755 });
  });
});

test('a raw file has one place', () => {
  const download = { url: 'https://a.example/x/kubectl', take: '/usr/bin/' };
  expect(rawPlacement(download, fill)).toEqual({ path: 'usr/bin/kubectl', mode: undefined });
  expect(rawPlacement({ ...download, take: { to: '/usr/bin/k', mode: '0644' } }, fill)).toEqual({
    path: 'usr/bin/k',
    mode: 0o644,
  });
});

test('archive and raw file are not mixed up', () => {
  expect(() => compileSelection({ url: 'https://a.example/a', take: '/usr/bin/' }, fill)).toThrow(
    /has to name members/,
  );
  expect(() => rawPlacement({ url: 'https://a.example/a', take: { a: '/usr/bin/' } }, fill)).toThrow(
    /has to be its place/,
  );
});
