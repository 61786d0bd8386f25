import * as z from 'zod';

/** What has to be known of a router. */
export const BirdParameters = z.strictObject({
  /** Text of `/etc/bird/bird.conf`. */
  config: z.string().min(1),
});
export type BirdParameters = z.output<typeof BirdParameters>;
