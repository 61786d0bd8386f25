import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary.ts';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** An authority made for one test. */
export interface Authority {
  /** Its own certificate, in PEM. */
  readonly certificate: string;
  /** Issues a certificate for servers and clients; `names` are DNS names or IP addresses. */
  issue(names: readonly string[]): Promise<Certificate>;
}

/** Makes a certificate authority with openssl; everything it issues is valid for a day. */
export async function createAuthority(): Promise<Authority> {
  await using directory = await temporaryDirectory();
  const authority = await makeKey(directory.path, 'ca', ['-x509', '-days', '1', '-subj', '/CN=Test authority']);
  return {
    certificate: authority.certificate,
    async issue(names) {
      await using work = await temporaryDirectory();
      const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');
      await writeFile(join(work.path, 'ca.pem'), authority.certificate);
      await writeFile(join(work.path, 'ca.key'), authority.key);
      return await makeKey(work.path, 'leaf', [
        '-x509',
        '-days',
        '1',
        '-subj',
        `/CN=${names[0]}`,
        '-CA',
        join(work.path, 'ca.pem'),
        '-CAkey',
        join(work.path, 'ca.key'),
        '-addext',
        `subjectAltName=${alternatives}`,
        '-addext',
        'extendedKeyUsage=serverAuth,clientAuth',
        '-addext',
        'basicConstraints=critical,CA:FALSE',
      ]);
    },
  };
}

async function makeKey(directory: string, name: string, args: readonly string[]): Promise<Certificate> {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  await execa('openssl', ['req', ...curve, '-keyout', key, '-out', certificate, ...args]);
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
}
