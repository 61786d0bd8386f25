#!/usr/bin/env node
import module from 'node:module';
// An older Node.js would stop at the first line it does not understand, and not say why.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`error sysext needs Node.js 22.18 or later; this is ${process.version}\n`);
  process.exit(1);
}
// Compiled code is kept between runs, and with it, in a checkout, what is left of TypeScript
// without its types. So this file is JavaScript, and imports the rest only when the cache is on.
module.enableCompileCache();
const { runSysext } = await import('@sysext/cli');
await runSysext(process.argv.slice(2));
