import { isIP } from 'node:net';
import * as z from 'zod';

const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).default(false);

/** `fe80::1%eth0` is an address too, but a zone may hold anything. */
const versionOf = (address: string): number => (address.includes('%') ? 0 : isIP(address));

const Address = z
  .string()
  .refine(
    (text) => versionOf(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text),
    'a host name or an IP address',
  );

const Network = z.string().refine((text) => {
  const [, address = '', bits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = versionOf(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}, 'a network such as 10.0.0.0/8 or fd00::/8');

/** Where time comes from. */
const Server = z.strictObject({
  address: Address,
  /** The name stands for many servers, a few of which are asked. */
  pool: Flag,
  /** Authenticated, by Network Time Security. */
  nts: Flag,
});

/** What may be known of a host that keeps its clock. */
export const ChronyParameters = z.strictObject({
  /** In place of Flatcar's pool; a command line writes addresses with commas. */
  servers: z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((address) => ({ address })) : value),
    z.array(Server).min(1).optional(),
  ),
  /** Networks that may ask this host for the time; nobody may when absent. */
  allow: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(Network).default([])),
});
export type ChronyParameters = z.output<typeof ChronyParameters>;
