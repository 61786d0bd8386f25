import { expect, test } from 'vitest';
import { SysextError } from '../errors.ts';
import { composeButane } from './compose.ts';
import type { ButaneDocument, ButaneFragment } from './document.ts';

interface Sketch
  extends
    Partial<ButaneDocument>,
    Partial<Pick<ButaneFragment, 'component' | 'version' | 'requires' | 'requiresVersion' | 'conflicts'>> {}

function fragment(extension: string, sketch: Sketch = {}): ButaneFragment {
  const {
    component = extension,
    version = 'v1.0.0',
    requires = [],
    requiresVersion = {},
    conflicts = [],
    ...content
  } = sketch;
  return {
    extension,
    component,
    version,
    requires,
    requiresVersion,
    conflicts,
    content: { files: [], directories: [], links: [], units: [], ...content },
  };
}

function problemsOf(...fragments: ButaneFragment[]): unknown {
  try {
    composeButane(fragments);
  } catch (error) {
    expect(error).toBeInstanceOf(SysextError);
    expect(error).toMatchObject({ code: 'DEPLOY_CONFLICT' });
    return ((error as SysextError).data as { problems: unknown }).problems;
  }
  return [];
}

test('what extensions share is in the document once, and everything in order', () => {
  const shared = { path: '/opt/bin/sysext-update', text: 'x', mode: 0o755 };
  const document = composeButane([
    fragment('b', { files: [{ path: '/etc/b', text: 'b' }, { ...shared }], units: [{ name: 'b.service', text: '' }] }),
    fragment('a', { files: [{ ...shared }, { path: '/etc/a', bytes: Buffer.from('a') }] }),
  ]);
  expect(document.files.map(({ path }) => path)).toEqual(['/etc/a', '/etc/b', '/opt/bin/sysext-update']);
  expect(document.units).toEqual([{ name: 'b.service', text: '' }]);
});

test('everything that stands against it is reported at once', () => {
  const problems = problemsOf(
    fragment('a', {
      files: [{ path: '/etc/shared', text: 'a' }],
      links: [{ path: '/etc/link', target: 'a' }],
      requires: ['c'],
      conflicts: ['b'],
      units: [{ name: 'x.service', text: 'a' }],
    }),
    fragment('b', {
      files: [
        { path: '/etc/shared', text: 'b' },
        { path: '/etc/link/below', text: '' },
      ],
      units: [{ name: 'x.service', text: 'b' }],
    }),
    fragment('b', { component: 'b-2' }),
  );
  expect(problems).toEqual([
    'b is there more than once (b, b-2), and a host merges one image of it',
    'a requires c, which is not there',
    'a conflicts with b',
    '/etc/shared: a and b write it differently',
    '/etc/systemd/system/x.service: a and b write it differently',
    '/etc/link/below: b writes it below /etc/link, which is no directory',
  ]);
});

test('a mode, an owner or a kind that differs is a conflict too', () => {
  const a = fragment('a', { files: [{ path: '/etc/x', text: '', mode: 0o600 }] });
  expect(problemsOf(a, fragment('b', { files: [{ path: '/etc/x', text: '' }] }))).toHaveLength(1);
  expect(problemsOf(a, fragment('b', { directories: [{ path: '/etc/x' }] }))).toHaveLength(1);
  const unit = fragment('u', { units: [{ name: 'x.service', text: '' }] });
  const file = fragment('f', { files: [{ path: '/etc/systemd/system/x.service', text: '' }] });
  expect(problemsOf(unit, file)).toEqual(['/etc/systemd/system/x.service: u and f write it differently']);
});

test.each([
  ['/opt/etcd/data', 'below /opt only /opt/extensions and /opt/bin are used'],
  ['/usr/bin/x', 'which no file of a host'],
  ['/run/x', 'which no file of a host'],
  ['/etc/../usr/x', '".." component'],
  ['/etc//x', 'an empty component'],
  ['etc/x', 'it is not absolute'],
])("%s is nobody's to write", (path, why) => {
  expect(problemsOf(fragment('a', { files: [{ path, text: '' }] }))).toEqual([expect.stringContaining(why)]);
});

test('an extension in a version that another does not work with', () => {
  const requiresVersion = { b: { from: 'v1.7.0' } };
  expect(problemsOf(fragment('a', { requiresVersion }), fragment('b', { version: 'v1.6.0' }))).toEqual([
    'a requires b from version v1.7.0 on, and v1.6.0 is there',
  ]);
  expect(problemsOf(fragment('a', { requiresVersion }), fragment('b', { version: 'v1.7.0' }))).toEqual([]);
  expect(problemsOf(fragment('a', { requiresVersion }))).toEqual([]);
});
