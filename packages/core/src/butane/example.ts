import type { Arch } from '../arch.ts';
import { imageVersion } from '../version.ts';
import type { ButaneFunction } from './define.ts';
import type { ButaneFragment } from './document.ts';

/** A public key that nobody has the private one of. */
const keyring = `
xjMEawbrqxYJKwYBBAHaRw8BAQdAsHtZiupwi6hgmXYUMmYrnRTtewcvrhdTGPab7GPSK8HNH0V4YW1wbGUsIHJlcGxhY2UgaXQg
YnkgeW91ciBvd27CjQQTFgoAPwWCawbrqwMLCQcJEGAlBe7d9d7/BRUKCA4MBBYAAgECGQECmwMCHgEWIQTcIYs+GTfcs2n+jr5g
JQXu3fXe/wAAeEwA/3yK87OACQa9SJPQVjLVJbB8oV7OYYf5gfEHqUND+YvNAP9mTiEnZNBZR5f/4hrOM81qswPd+OQum2nW4ctO
ZKnwCg==
`;

/**
 * The part of an extension in the Butane document that is shown with it: its own example parameters, and a
 * repository, keyring and digest that stand for the operator's.
 *
 * @param version upstream version of the image.
 */
export async function exampleFragment(butane: ButaneFunction, version: string): Promise<ButaneFragment> {
  const common = {
    baseUrl: 'https://sysext.example/',
    keyring: new Uint8Array(Buffer.from(keyring, 'base64')),
    image: { version: imageVersion({ version, revision: 0 }), arch: 'x86-64' as Arch, sha256: '0'.repeat(64) },
  };
  return await butane({ ...common, ...butane.example });
}
