#!/usr/bin/env node
import { runExtension } from '@sysext/cli';

await runExtension(import('./extension.ts'));
