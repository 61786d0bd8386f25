import { SysextError } from './errors.ts';
import { nameProblem } from './recipe.ts';
import { renderTransfer } from './sysupdate.ts';

export interface SkeletonOptions {
  readonly name: string;
  /** Upstream's repository on GitHub, `owner/name`; a guess to be corrected when absent. */
  readonly repo?: string | undefined;
  /** How the packages of this project are referred to: `workspace:^` in a checkout, else a version range. */
  readonly dependency: string;
}

/**
 * The files of a new extension package, by path: a recipe that loads, an empty lock, and the
 * command of the package.
 *
 * @throws SysextError `NAME_INVALID`, or `USAGE` for a repository that is not `owner/name`.
 */
export function renderSkeleton({
  name,
  repo = `${name}/${name}`,
  dependency,
}: SkeletonOptions): Readonly<Record<string, string>> {
  const problem = nameProblem(name);
  if (problem !== undefined) {
    throw new SysextError('NAME_INVALID', `${JSON.stringify(name)} cannot name an extension: ${problem}`);
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo)) {
    throw new SysextError('USAGE', `${JSON.stringify(repo)} is no repository of GitHub`, { hint: '--repo owner/name' });
  }
  const manifest = {
    name: `@sysext/${name}`,
    version: '0.0.0',
    description: `${name} as a systemd system extension for Flatcar Container Linux`,
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=22.18' },
    bin: { [`sysext-${name}`]: './bin.ts' },
    exports: { '.': './extension.ts' },
    files: ['*.js', '*.d.ts', 'extension.lock.json', 'files', 'go', 'sysupdate', 'butane'],
    scripts: { build: 'node bin.ts build', prepack: 'tsc -p ../../../tsconfig.publish.json' },
    dependencies: { '@sysext/cli': dependency, '@sysext/core': dependency },
    publishConfig: {
      access: 'public',
      bin: { [`sysext-${name}`]: './bin.js' },
      exports: { '.': './extension.js' },
    },
  };
  const transfer = renderTransfer(name, { baseUrl: 'https://sysext.example/', verify: true });
  return {
    'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    'bin.ts': `#!/usr/bin/env node
import { runExtension } from '@sysext/cli';

await runExtension(import('./extension.ts'));
`,
    'extension.ts': `import { defineButane, defineExtension } from '@sysext/core';

const extension = defineExtension(import.meta.dirname, {
  name: '${name}',
  summary: 'One line that says what ${name} is',
  homepage: 'https://github.com/${repo}',
  licence: 'Apache-2.0',
  versions: { from: 'github-releases', repo: '${repo}' },
  sources: [
    {
      kind: 'release',
      url: 'https://github.com/${repo}/releases/download/{version}/${name}-linux-{arch}.tar.gz',
      take: { ${/^[a-z]\w*$/.test(name) ? name : `'${name}'`}: '/usr/bin/' },
    },
  ],
});

export default extension;

export const butane = defineButane(extension);
`,
    'extension.lock.json': `${JSON.stringify({ schema: 1, versions: {} }, undefined, 2)}\n`,
    [`sysupdate/${name}.transfer`]: transfer,
    [`sysupdate/${name}.conf`]: transfer,
    'README.md': `# @sysext/${name}

What it is, how to deploy it, what it needs and conflicts with, how its service starts.
`,
  };
}
