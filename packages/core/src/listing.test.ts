import { expect, test } from 'vitest';
import { compareTrees, listPath, parsePaths, renderPaths } from './listing.ts';
import { type Entry, plainDirectory, textFile } from './tree.ts';

const base = { mode: 0o755, uid: 0, gid: 0, xattrs: [] };
const device: Entry = { type: 'character-device', ...base, mode: 0o20, major: 1, minor: 3 };
const link: Entry = { type: 'symlink', ...base, mode: 0o777, target: 'a' };
const file = textFile('one', 'test');

test('shows what each kind of path has', () => {
  const common = { path: 'p', uid: 0, gid: 0, xattrs: [] };
  const { sha256 } = file.content;
  expect(listPath('p', file)).toEqual({ ...common, type: 'file', mode: '0644', size: 3, sha256 });
  expect(listPath('p', link)).toEqual({ ...common, type: 'symlink', mode: '0777', target: 'a' });
  expect(listPath('p', device)).toEqual({ ...common, type: 'character-device', mode: '0020', major: 1, minor: 3 });
  expect(listPath('p', { ...plainDirectory, mode: 0o1777, xattrs: ['user.b', 'user.a'] })).toEqual({
    ...common,
    type: 'directory',
    mode: '1777',
    xattrs: ['user.a', 'user.b'],
  });
});

test('finds nothing between equal trees', () => {
  const entries: [string, Entry][] = [['a', file], ['b', link], ['c', device], ['d', plainDirectory]]; // prettier-ignore
  expect(compareTrees(new Map(entries), new Map(entries.toReversed()))).toEqual([]);
});

test.each<[string[], Entry, Entry]>([
  [['mode'], file, { ...file, mode: 0o755 }],
  [['uid', 'gid'], file, { ...file, uid: 1, gid: 2 }],
  [['sha256'], file, textFile('two', 'test')],
  [['size', 'sha256'], file, textFile('three', 'test')],
  [['target'], link, { ...link, target: 'b' }],
  [['minor'], device, { ...device, minor: 4 }],
  [['xattrs'], file, { ...file, xattrs: ['user.a'] }],
  [['type', 'mode', 'size', 'sha256'], file, plainDirectory],
])('tells that %s changed', (aspects, before, after) => {
  expect(compareTrees(new Map([['p', before]]), new Map([['p', after]]))).toEqual([
    { kind: 'changed', path: 'p', aspects, before: listPath('p', before), after: listPath('p', after) },
  ]);
});

test('lists added and removed paths in the order of all paths', () => {
  const differences = compareTrees(new Map([['b', file], ['é', file]]), new Map([['a', file], ['z', file]])); // prettier-ignore
  expect(differences.map(({ kind, path }) => [kind, path])).toEqual([
    ['added', 'a'],
    ['removed', 'b'],
    ['added', 'z'],
    ['removed', 'é'],
  ]);
});

test('a list of paths is read as it was written', () => {
  const tree = new Map<string, Entry>([['usr', plainDirectory], ['usr/bin/a', file], ['usr/bin/b', link]]); // prettier-ignore
  const text = '0755 0:0 /usr/\n0644 0:0 /usr/bin/a\n0777 0:0 /usr/bin/b -> a\n';
  expect(renderPaths(tree)).toBe(text);
  expect(parsePaths(text, 'tree.txt')).toEqual(['/usr/bin/a', '/usr/bin/b']);
});

test.each(['/usr/bin/a', '0755 /usr/bin/a', '0755 0:0 usr/bin/a'])('%j lists no path', (line) => {
  expect(() => parsePaths(`${line}\n`, 'tree.txt')).toThrow(/tree\.txt.*lists no path/);
});
