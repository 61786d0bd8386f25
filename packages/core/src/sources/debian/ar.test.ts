import { ar, deb } from '@sysext/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ArMember, readAr } from './ar.ts';

async function read(bytes: Uint8Array): Promise<ArMember[]> {
  return await readAr(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length));
}

test('members are where they are', async () => {
  const bytes = ar([
    { name: 'debian-binary', content: '2.0\n' },
    { name: 'odd', content: 'abc' },
    { name: 'data.tar.xz/', content: 'xyz' },
  ]);
  const members = await read(bytes);
  expect(members.map(({ name }) => name)).toEqual(['debian-binary', 'odd', 'data.tar.xz']);
  expect(members.map(({ offset, size }) => bytes.toString('utf8', offset, offset + size))).toEqual([
    '2.0\n',
    'abc',
    'xyz',
  ]);
});

test.each([
  ['an empty file', Buffer.alloc(0), 'does not begin like'],
  ['a tar', Buffer.alloc(1024), 'does not begin like'],
  ['a member that is cut off', ar([{ name: 'a', content: 'abcdef' }]).subarray(0, 70), 'goes beyond its end'],
  ['a header that is cut off', ar([{ name: 'a', content: '' }]).subarray(0, 40), 'the header at byte 8 is none'],
  ['a name with a slash in it', ar([{ name: '../a', content: '' }]), 'the header at byte 8 is none'],
  ['too many members', ar(Array.from({ length: 17 }, () => ({ name: 'a', content: '' }))), 'more than 16 members'],
])('%s is refused', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(message);
});

test('damaged packages end in an error, or in members that are inside', async () => {
  const whole = deb([{ path: 'usr/bin/demo', content: 'demo' }]);
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      const members = await read(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        return [];
      });
      for (const { offset, size } of members) expect(offset + size).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2000 },
  );
});
