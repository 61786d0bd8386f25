/**
 * How an image goes over the wire. `plain`: the image itself, which squashfs compressed block by block. `xz`: an
 * image that squashfs did not compress, in one long-window stream that systemd-sysupdate unpacks (every version
 * does): fewer bytes to fetch, more on the host's disk, nothing to unpack when a service starts.
 */
export const transports = ['plain', 'xz'] as const;
export type Transport = (typeof transports)[number];
