import * as z from 'zod';

/** What has to be known of a load balancer. */
export const HaproxyParameters = z.strictObject({
  /** Text of `/etc/haproxy/haproxy.cfg`. */
  config: z.string().min(1),
});
export type HaproxyParameters = z.output<typeof HaproxyParameters>;
