import { readFileSync } from 'node:fs';
import { createContext } from '../../context.ts';
import { loadSigner } from '../keys.ts';
import { publish } from '../publish.ts';
import { finishRotation } from '../rotate.ts';

/*
 * A process of its own that works on a repository, for tests that kill it or run several at once:
 * `publisher.ts publish REPOSITORY KEY IMAGE…` or `publisher.ts finish REPOSITORY OLD-KEY NEW-KEY`. It ends by saying
 * how many bytes it has handed to the kernel to write.
 */
const [task, repository, key, ...rest] = process.argv.slice(2) as [string, string, string, ...string[]];
const context = createContext({ env: { PATH: process.env['PATH'] } });
const signer = await loadSigner(context, key);
if (task === 'publish') {
  await publish(context, { repository, baseUrl: 'https://sysext.example/', signer, images: rest });
} else {
  await finishRotation(context, { repository, oldSigner: signer, newSigner: await loadSigner(context, rest[0]) });
}
process.stdout.write(`${/^wchar: \d+$/m.exec(readFileSync('/proc/self/io', 'utf8'))![0]}\n`);
