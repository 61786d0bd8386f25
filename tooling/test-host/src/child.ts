// Boots a host for a test of what happens when this process is killed, and says so.
import { bootHost, createNetwork } from './index.ts';

const [name, image] = process.argv.slice(2) as [string, string];
const network = await createNetwork();
const host = await bootHost({ name, network, images: { hello: image } });
await host.waitForUnit('hello.service');
await host.spawn(['sleep', 'infinity']);
process.stdout.write(`${network.subnet}\n`);
