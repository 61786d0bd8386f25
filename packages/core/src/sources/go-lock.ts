import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { run } from '../exec.ts';
import { type PlannedProgram, bareVersion, numbersOf } from '../plan.ts';
import type { GoModulesSource } from './source.ts';
import { fillTemplate } from '../template.ts';
import { writeWhole } from '../write.ts';
import { goDirectory, goSettings } from './go-modules.ts';

/**
 * Pins the Go modules of a program at a version: writes `go.mod` and `go.sum` below the
 * extension's `go/`. The sums are checked against Go's checksum database as the user's Go
 * settings say; the compiler pinned is the one that is installed.
 *
 * @returns the toolchain that was pinned.
 */
export async function lockGoModules(
  context: Context,
  source: GoModulesSource,
  program: Pick<PlannedProgram, 'name' | 'version'>,
  extensionDirectory: string,
): Promise<string> {
  const workspace = await context.cache.temporaryPath();
  const subject = `${program.name} ${program.version} Go modules`;
  const settings = await goSettings(context);
  let lines = 0;
  const go: Go = async (...args) => {
    const output = await run('go', args, {
      signal: context.signal,
      env: context.env,
      cwd: workspace,
      set: {
        ...settings,
        GOFLAGS: '-mod=mod',
        GOWORK: 'off',
        GOENV: 'off',
        GOTOOLCHAIN: 'local',
        ...(context.offline ? { GOPROXY: 'off' } : {}),
      },
      onErrorLine: (detail) => context.onEvent({ type: 'progress', step: 'compile', subject, done: ++lines, detail }),
    });
    return Buffer.from(output).toString('utf8').trim();
  };
  context.onEvent({ type: 'start', step: 'compile', subject });
  await mkdir(workspace, { recursive: true });
  try {
    const toolchain = await go('env', 'GOVERSION');
    await writeFile(join(workspace, 'go.mod'), `module sysext.invalid/${program.name}\n\ngo 1.24.0\n`);
    const version = `v${bareVersion(program.version)}`;
    if (source.siblings !== undefined) await replaceSiblings(go, source.siblings, program.version);
    const edits = Object.entries(source.replace ?? {}).map(([old, by]) => `-replace=${old}=${by}`);
    if (edits.length > 0) await go('mod', 'edit', ...edits);
    const mains = Object.keys(source.commands);
    await go('get', '-tool', ...mains.map((main) => `${main}@${version}`));
    await replaceAsUpstream(go, mains);
    // What is missing and needed, the build would name; tests of other modules may need what is nowhere.
    await go('mod', 'tidy', '-e');
    await go('mod', 'edit', `-toolchain=${toolchain}`);
    const target = goDirectory(extensionDirectory, program);
    for (const name of ['go.mod', 'go.sum'])
      await writeWhole(join(target, name), await readFile(join(workspace, name)));
    context.onEvent({ type: 'end', step: 'compile', subject, cached: false, detail: toolchain });
    return toolchain;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

const Downloaded = z.object({ GoMod: z.string() });
const Module = z.object({ Path: z.string(), Version: z.string().optional() });
const Edited = z.object({ Replace: z.array(z.object({ Old: Module, New: Module })).nullish() });
type Go = (...args: string[]) => Promise<string>;

async function replacementsIn(go: Go, goMod: string): Promise<NonNullable<z.output<typeof Edited>['Replace']>> {
  return Edited.parse(JSON.parse(await go('mod', 'edit', '-json', goMod))).Replace ?? [];
}

/**
 * Replaces modules by other ones as upstream does, whose `go.mod` says it to builds in its own repository only
 * (`go help modules`, "replace").
 */
async function replaceAsUpstream(go: Go, mains: readonly string[]): Promise<void> {
  const files = await go('list', '-f', '{{.Module.GoMod}}', ...mains);
  const replacements = await Promise.all([...new Set(files.split('\n'))].map((file) => replacementsIn(go, file)));
  const edits = replacements
    .flat()
    .flatMap(({ Old, New }) => (New.Version === undefined ? [] : [`-replace=${text(Old)}=${text(New)}`]));
  if (edits.length > 0) await go('mod', 'edit', ...edits);
}

const text = ({ Path, Version }: z.output<typeof Module>): string =>
  Version === undefined ? Path : `${Path}@${Version}`;

/**
 * Replaces the modules of upstream's repository by what upstream publishes of them. Its `go.mod` replaces them by
 * directories, which counts only where it is the main module.
 */
async function replaceSiblings(
  go: Go,
  { of, version }: NonNullable<GoModulesSource['siblings']>,
  programVersion: string,
): Promise<void> {
  const downloaded = await go('mod', 'download', '-json', `${of}@v${bareVersion(programVersion)}`);
  const { GoMod } = Downloaded.parse(JSON.parse(downloaded));
  const published = fillTemplate(version, numbersOf(programVersion));
  const replaced = (await replacementsIn(go, GoMod)).filter(({ New }) => /^\.\.?\//.test(New.Path));
  const edits = replaced.map(({ Old: { Path } }) => `-replace=${Path}=${Path}@${published}`);
  if (edits.length > 0) await go('mod', 'edit', ...edits);
}
