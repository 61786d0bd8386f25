import type { Arch } from '@sysext/core';

/** A public key that nobody has the private one of. */
const keyring = `
xjMEawbrqxYJKwYBBAHaRw8BAQdAsHtZiupwi6hgmXYUMmYrnRTtewcvrhdTGPab7GPSK8HNH0V4YW1wbGUsIHJlcGxhY2UgaXQg
YnkgeW91ciBvd27CjQQTFgoAPwWCawbrqwMLCQcJEGAlBe7d9d7/BRUKCA4MBBYAAgECGQECmwMCHgEWIQTcIYs+GTfcs2n+jr5g
JQXu3fXe/wAAeEwA/3yK87OACQa9SJPQVjLVJbB8oV7OYYf5gfEHqUND+YvNAP9mTiEnZNBZR5f/4hrOM81qswPd+OQum2nW4ctO
ZKnwCg==
`;

/** Parameters of the Butane documents that are shown with extensions. */
export const commonExample = (version: string) => ({
  baseUrl: 'https://sysext.example/',
  keyring: new Uint8Array(Buffer.from(keyring, 'base64')),
  image: { version, arch: 'x86-64' as Arch, sha256: '0'.repeat(64) },
});
