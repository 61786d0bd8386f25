import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Arch, archNames } from '../arch.ts';
import { type Artifact, ArtifactMember, Input } from '../artifact.ts';
import { hashFile, sha256 } from '../cache.ts';
import type { Context } from '../context.ts';
import { SysextError, ioError, systemCode } from '../errors.ts';
import { type RunOptions, run } from '../exec.ts';
import { goProgramName } from '../go-program-name.ts';
import { type PlannedProgram, templateValues } from '../plan.ts';
import type { GoModulesSource } from './source.ts';
import { fillTemplate } from '../template.ts';
import { allPresent } from './take.ts';

/** Where `go.mod` and `go.sum` of a program at a version are checked in. */
export function goDirectory(extensionDirectory: string, program: Pick<PlannedProgram, 'name' | 'version'>): string {
  return join(extensionDirectory, 'go', program.name, program.version);
}

/**
 * Builds programs from the Go module proxy.
 *
 * Every module is pinned by the checked-in `go.sum`, and the compiler by the `toolchain` line of
 * `go.mod`, which a Go of another version fetches from the same proxy. No C compiler takes part,
 * so each architecture can be built on any machine, and the bytes depend on `go.mod`, `go.sum`
 * and the recipe alone.
 *
 * @throws SysextError `NOT_LOCKED` without go.mod and go.sum, `TOOL_MISSING` without Go,
 * `UNREACHABLE` when no proxy answers, `DIGEST_MISMATCH` when a module is not the pinned one.
 */
export async function acquireGoModules(
  context: Context,
  source: GoModulesSource,
  program: PlannedProgram,
  arch: Arch,
  extensionDirectory: string,
): Promise<Pick<Artifact, 'members' | 'inputs' | 'tools'>> {
  const directory = goDirectory(extensionDirectory, program);
  const goMod = await readPinned(join(directory, 'go.mod'), program);
  const goSum = await readPinned(join(directory, 'go.sum'), program);
  const toolchain = /^toolchain (go\d[\w.]*)$/m.exec(goMod)?.[1];
  if (toolchain === undefined) {
    throw new SysextError('NOT_LOCKED', `${join(directory, 'go.mod')} pins no toolchain`, {
      hint: 'add a line such as "toolchain go1.26.8"',
    });
  }
  const values = templateValues(program, arch);
  const ldflags = ['-s', '-w', ...(source.ldflags ?? []).map((flag) => fillTemplate(flag, values))];
  const { commands, tags = [] } = source;
  const subject = `${program.name} ${program.version} ${arch}`;
  const key = {
    result: 'goModules',
    format: 1,
    arch,
    toolchain,
    goMod: sha256(goMod),
    goSum: sha256(goSum),
    commands,
    ldflags,
    tags,
  };
  const stored = await context.cache.readResult(key, Compiled);
  if (stored !== undefined && (await allPresent(context, stored.members))) {
    context.onEvent({ type: 'end', step: 'compile', subject, cached: true });
    return { ...stored, tools: { go: toolchain } };
  }
  context.onEvent({ type: 'start', step: 'compile', subject });
  const workspace = await context.cache.temporaryPath();
  try {
    await mkdir(workspace, { recursive: true });
    await copyFile(join(directory, 'go.mod'), join(workspace, 'go.mod'));
    await copyFile(join(directory, 'go.sum'), join(workspace, 'go.sum'));
    const compiled = await compile(context, {
      workspace,
      arch,
      toolchain,
      commands,
      ldflags,
      tags,
      subject,
      directory,
    });
    await context.cache.writeResult(key, compiled);
    context.onEvent({
      type: 'end',
      step: 'compile',
      subject,
      cached: false,
      detail: `${compiled.inputs.length} modules, ${toolchain}`,
    });
    return { ...compiled, tools: { go: toolchain } };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

const Compiled = z.strictObject({ members: z.array(ArtifactMember), inputs: z.array(Input) });

async function readPinned(path: string, program: PlannedProgram): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw ioError(error, 'cannot read', path);
    throw new SysextError(
      'NOT_LOCKED',
      `${program.name} ${program.version}: its Go modules are not pinned (${path} is missing)`,
    );
  }
}

interface Compilation {
  readonly workspace: string;
  readonly directory: string;
  readonly arch: Arch;
  readonly toolchain: string;
  readonly commands: Readonly<Record<string, string>>;
  readonly ldflags: readonly string[];
  readonly tags: readonly string[];
  readonly subject: string;
}

async function compile(context: Context, compilation: Compilation): Promise<z.output<typeof Compiled>> {
  const { workspace, arch, commands, ldflags, tags, subject } = compilation;
  const names = programNames(Object.keys(commands));
  const output = join(workspace, 'out');
  const options: RunOptions = {
    signal: context.signal,
    env: context.env,
    cwd: workspace,
    set: {
      ...(await goSettings(context)),
      GOTOOLCHAIN: compilation.toolchain,
      GOOS: 'linux',
      GOARCH: archNames[arch].go,
      GOAMD64: 'v1',
      GOARM64: 'v8.0',
      CGO_ENABLED: '0',
      GOFLAGS: '-mod=readonly',
      GOWORK: 'off',
      GOENV: 'off',
      ...(context.offline ? { GOPROXY: 'off' } : {}),
    },
  };
  let packages = 0;
  const report = (line: string): void => {
    // `go build -v` writes the name of each package it compiles.
    const detail = /^(?:go: downloading )?\S+(?: v\S+)?$/.test(line) ? line : undefined;
    context.onEvent({ type: 'progress', step: 'compile', subject, done: ++packages, detail });
  };
  const args = [
    'build', '-v', '-trimpath', '-buildvcs=false', `-ldflags=${ldflags.join(' ')}`,
    ...(tags.length === 0 ? [] : [`-tags=${tags.join(',')}`]),
    '-o', `${output}/`, '--', ...Object.keys(commands),
  ]; // prettier-ignore
  try {
    await run('go', args, { ...options, onErrorLine: report });
  } catch (error) {
    throw explain(error, compilation);
  }
  const members: ArtifactMember[] = [];
  const modules = new Map<string, Input>();
  for (const [main, path] of Object.entries(commands)) {
    const binary = join(output, names.get(main)!);
    const info = Buffer.from(await run('go', ['version', '-m', binary], options)).toString('utf8');
    for (const input of modulesOf(info)) modules.set(`${input.module} ${input.version}`, input);
    const blob = await hashFile(binary);
    await context.cache.adopt(binary, blob);
    members.push({ type: 'file', path: path.slice(1), mode: 0o755, ...blob });
  }
  const inputs = [...modules.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, input]) => input);
  return { members, inputs };
}

/**
 * Names `go build` gives the programs.
 *
 * @throws SysextError `RECIPE_INVALID` when two would have the same name.
 */
function programNames(mains: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const main of mains) {
    const name = goProgramName(main);
    if ([...names.values()].includes(name)) {
      throw new SysextError('RECIPE_INVALID', `two Go commands would both be built as ${name}: ${mains.join(', ')}`);
    }
    names.set(main, name);
  }
  return names;
}

/** The user's own Go settings that say where modules come from; all others are fixed by the build. */
export async function goSettings(context: Context): Promise<Record<string, string>> {
  const wanted = [
    'GOPROXY',
    'GONOPROXY',
    'GOSUMDB',
    'GONOSUMDB',
    'GOPRIVATE',
    'GOINSECURE',
    'GOMODCACHE',
    'GOCACHE',
    'GOAUTH',
  ];
  const passed = Object.fromEntries(
    [...wanted, 'GOENV'].flatMap((name) => (context.env[name] === undefined ? [] : [[name, context.env[name]]])),
  );
  const output = await run('go', ['env', '-json', ...wanted], {
    signal: context.signal,
    env: context.env,
    // Asked with the installed Go: a newer one is not needed to read settings.
    set: { ...passed, GOTOOLCHAIN: 'local' },
  });
  const settings = z.record(z.string(), z.string()).parse(JSON.parse(Buffer.from(output).toString('utf8')));
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''));
}

/** Modules a Go program was built from: `mod` and `dep` lines of `go version -m`. */
function modulesOf(info: string): Extract<Input, { kind: 'module' }>[] {
  return [...info.matchAll(/^\t(?:mod|dep|=>)\t(\S+)\t(\S+)\t(h1:\S+)$/gm)].map(([, module, version, sum]) => ({
    kind: 'module' as const,
    module: module!,
    version: version!,
    sum: sum!,
  }));
}

/** Reads what Go says about its failure. */
function explain(error: unknown, { subject, directory, toolchain }: Compilation): unknown {
  if (!(error instanceof SysextError) || error.code !== 'TOOL_FAILED') return error;
  const said = error.message;
  if (/SECURITY ERROR|checksum mismatch/.test(said)) {
    return new SysextError(
      'DIGEST_MISMATCH',
      `${subject}: a Go module is not the one pinned in ${directory}/go.sum\n${said}`,
      {
        hint: 'do not build from this: the module proxy delivers other bytes than when the version was locked',
      },
    );
  }
  if (/missing go\.sum entry|updates to go\.(mod|sum) needed|no required module provides/.test(said)) {
    return new SysextError('NOT_LOCKED', `${subject}: ${directory} does not pin every module\n${said}`);
  }
  if (
    /dial tcp|no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake|GOPROXY=off|proxyconnect|toolchain not available|50[234] /.test(
      said,
    )
  ) {
    return new SysextError(
      'UNREACHABLE',
      `${subject}: no Go module proxy could deliver what is missing (${toolchain})\n${said}`,
      {
        hint: 'check the network, or name a proxy in GOPROXY',
      },
    );
  }
  return error;
}
