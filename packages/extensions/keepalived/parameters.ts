import * as z from 'zod';

/** What has to be known of a host that shares addresses, or spreads load, with others. */
export const KeepalivedParameters = z.strictObject({
  /** Text of `/etc/keepalived/keepalived.conf`. */
  config: z.string().min(1),
});
export type KeepalivedParameters = z.output<typeof KeepalivedParameters>;
