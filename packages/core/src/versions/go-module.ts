import { mkdir, rm } from 'node:fs/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { SysextError } from '../errors.ts';
import { run } from '../exec.ts';
import { goSettings } from '../sources/go-modules.ts';
import { type Candidate, parseAnswer } from './answer.ts';
import type { SourceOf } from './source.ts';

const Module = z.object({ Versions: z.array(z.string()).optional() });

/**
 * The versions of a Go module that its author has not retracted, as the module proxy of the user's Go
 * settings lists them; pseudo-versions are not among them.
 *
 * @throws SysextError `TOOL_MISSING` without Go, `UNREACHABLE` when no proxy can answer.
 */
export async function* goModuleVersions(
  context: Context,
  { module }: SourceOf<'go-module'>,
): AsyncGenerator<Candidate> {
  if (context.offline) throw new SysextError('OFFLINE', `versions of ${module} are needed, and --offline was given`);
  const settings = await goSettings(context);
  const workspace = await context.cache.temporaryPath();
  await mkdir(workspace, { recursive: true });
  try {
    const output = await run('go', ['list', '-m', '-versions', '-json', '--', module], {
      signal: context.signal,
      env: context.env,
      cwd: workspace,
      set: { ...settings, GOFLAGS: '-mod=mod', GOWORK: 'off', GOENV: 'off', GOTOOLCHAIN: 'local' },
    });
    const text = Buffer.from(output).toString('utf8');
    for (const name of parseAnswer(Module, text, `https://${module}`).Versions ?? []) yield { name };
  } catch (error) {
    if (!(error instanceof SysextError) || error.code !== 'TOOL_FAILED') throw error;
    throw new SysextError('UNREACHABLE', `${module}: no Go module proxy could list its versions\n${error.message}`, {
      cause: error,
      hint: 'check the network, or name a proxy in GOPROXY',
    });
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}
