import { expect, test } from 'vitest';
import { expandBraces } from './braces.ts';

test.each([
  ['etcd', ['etcd']],
  ['etcd{ctl,utl}', ['etcdctl', 'etcdutl']],
  ['etcd{,ctl}', ['etcd', 'etcdctl']],
  ['{a,b}/{c,d}/x', ['a/c/x', 'a/d/x', 'b/c/x', 'b/d/x']],
  ['{arch}/{a,b}-{version}', ['{arch}/a-{version}', '{arch}/b-{version}']],
])('%s', (text, expanded) => expect(expandBraces(text)).toEqual(expanded));
