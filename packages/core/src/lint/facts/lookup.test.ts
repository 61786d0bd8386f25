import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Entry, type Tree, completeTree } from '../../tree.ts';
import { link, text } from '../testing/subject.ts';
import { lookUp } from './lookup.ts';

const tree = completeTree(
  new Map<string, Entry>([
    ['usr/bin/demo', text('')],
    ['usr/bin/alias', link('../lib/demo/program')],
    ['usr/lib/demo/program', link('/bin/demo')],
    ['usr/lib/demo/up', link('../../../../../../usr/bin/demo')],
    ['usr/lib/demo/loop', link('loop')],
    ['usr/lib/demo/dir', link('..')],
    ['etc/demo', text('')],
  ]),
);

describe('lookUp', () => {
  test.each([
    ['/usr/bin/demo', 'image', 'usr/bin/demo'],
    ['/bin/alias', 'image', 'usr/bin/demo'],
    ['/sbin/demo', 'image', 'usr/bin/demo'],
    ['//usr/./lib/demo/../demo/up', 'image', 'usr/bin/demo'],
    ['/usr/lib/demo/dir/demo/program', 'image', 'usr/bin/demo'],
    ['/usr/lib/demo/loop', 'loop', 'usr/lib/demo/loop'],
    ['/lib64/ld-linux-x86-64.so.2', 'host', 'usr/lib64/ld-linux-x86-64.so.2'],
    ['/usr/lib64/systemd/system/sshd.socket', 'host', 'usr/lib/systemd/system/sshd.socket'],
    ['/usr/bin/gone', 'missing', 'usr/bin/gone'],
    ['/etc/demo', 'outside', 'etc/demo'],
    ['/usr/tmp/x', 'outside', 'var/tmp/x'],
    ['/', 'outside', ''],
  ])('%s', (path, kind, place) => {
    expect(lookUp(tree, path)).toMatchObject({ kind, path: place });
  });

  test('settles for any tree of links', () => {
    const path = fc
      .array(fc.constantFrom('usr', 'bin', 'sbin', 'lib64', 'a', '..', '.'), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.array(fc.tuple(path, path, fc.boolean())), path, (links, wanted) => {
        const hostile: Tree = new Map(
          links.map(([at, target, absolute]) => [at, link(absolute ? `/${target}` : target)]),
        );
        expect(lookUp(hostile, wanted).path).not.toMatch(/\.\.|^\//);
      }),
    );
  });
});
