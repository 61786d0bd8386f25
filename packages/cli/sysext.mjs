#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Compiled code is kept between runs, and with it, in a checkout, what is left of TypeScript
// without its types. So this file is JavaScript, and imports the rest only when the cache is on.
enableCompileCache();
const { runSysext } = await import('@sysext/cli');
await runSysext(process.argv.slice(2));
