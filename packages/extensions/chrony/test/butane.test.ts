import { describe, expect, test } from 'vitest';
import { ChronyParameters } from '../parameters.ts';
import { provision } from '../provision.ts';

const written = (parameters: object): Record<string, string> =>
  Object.fromEntries(provision(ChronyParameters.parse(parameters)).files.map(({ path, text }) => [path, text]));

test('without parameters, the image decides', () => expect(written({})).toEqual({}));

test('servers take the place of the pool, networks are let in', () => {
  const servers = [
    { address: 'time.example.com', nts: true },
    { address: 'ntp.example.com', pool: true },
    { address: 'fd00::1' },
  ];
  expect(written({ servers, allow: ['10.0.0.0/8', 'fd00::/8'] })).toEqual({
    '/etc/chrony/sources.d/default.sources':
      'server time.example.com iburst nts\npool ntp.example.com iburst\nserver fd00::1 iburst\n',
    '/etc/chrony/conf.d/allow.conf': 'allow 10.0.0.0/8\nallow fd00::/8\n',
  });
});

test('a command line writes lists with commas', () => {
  expect(written({ servers: '10.0.0.1,ntp.example.com', allow: '10.0.0.0/8,10.1.2.3/32' })).toEqual({
    '/etc/chrony/sources.d/default.sources': 'server 10.0.0.1 iburst\nserver ntp.example.com iburst\n',
    '/etc/chrony/conf.d/allow.conf': 'allow 10.0.0.0/8\nallow 10.1.2.3/32\n',
  });
});

describe('is refused:', () => {
  test.each([
    '',
    'a b',
    'ntp.example.com offline',
    'ntp.example.com\nallow all',
    'ntp.example.com\n',
    '-x',
    'fe80::1%eth0',
    'fe80::1%\nallow',
    '#',
  ])('server %j', (address) => expect(ChronyParameters.safeParse({ servers: [{ address }] }).success).toBe(false));
  test.each([
    '',
    'all',
    '10.0.0.0',
    '10.0.0.0/33',
    '10/8',
    'fd00::/129',
    '10.0.0.0/8\n',
    '10.0.0.0/8 \nx',
    'fe80::%a/9',
  ])('network %j', (network) => expect(ChronyParameters.safeParse({ allow: [network] }).success).toBe(false));
  test.each([{ servers: [] }, { servers: [{ address: 'a', key: 1 }] }, { driftfile: '/x' }])('%j', (parameters) =>
    expect(ChronyParameters.safeParse(parameters).success).toBe(false),
  );
});
