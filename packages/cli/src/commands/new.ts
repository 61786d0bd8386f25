import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { SysextError, renderSkeleton } from '@sysext/core';
import { extensionsDirectory } from '../find.ts';
import { printResult } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';
import { ownVersion } from '../version.ts';

/** `sysext new`: writes the skeleton of an extension package, and says what comes next. */
export async function newCommand(
  options: CommonOptions & { readonly repo?: string; readonly output?: string },
  name: string,
): Promise<void> {
  await session(options, async () => {
    const workspace = options.output === undefined ? await extensionsDirectory() : undefined;
    const dependency = workspace === undefined ? `^${ownVersion()}` : 'workspace:^';
    const files = renderSkeleton({ name, repo: options.repo, dependency });
    const directory = resolve(options.output ?? (workspace === undefined ? name : join(workspace, name)));
    if ((await stat(directory).catch(() => undefined)) !== undefined) {
      throw new SysextError('USAGE', `${directory} is already there`, { hint: 'choose another name or --output' });
    }
    for (const [path, text] of Object.entries(files)) {
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx', mode: path === 'bin.ts' ? 0o755 : 0o644 });
    }
    const shown = relative('.', directory) || '.';
    printResult(options.json, { directory, files: Object.keys(files) }, () =>
      [
        `${shown}:`,
        ...Object.keys(files).map((file) => `  ${file}`),
        '',
        'Next:',
        `  ${workspace === undefined ? 'npm' : 'pnpm'} install`,
        `  edit ${join(shown, 'extension.ts')} and put static files below ${join(shown, 'files', 'usr')}`,
        `  sysext versions ${name}`,
        `  sysext lock ${name} <version>`,
        `  sysext build ${name}`,
      ].join('\n'),
    );
  });
}
