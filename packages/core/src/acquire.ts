import type { Artifact } from './artifact.ts';
import type { Context } from './context.ts';
import { SysextError } from './errors.ts';
import { exhausted, indented, isUnavailable, reasonsOf } from './fetch.ts';
import type { Plan, PlannedProgram } from './plan.ts';
import type { Source } from './sources/source.ts';
import { acquireDebian } from './sources/debian/debian.ts';
import { acquireGoModules } from './sources/go-modules.ts';
import { acquireRelease } from './sources/release.ts';

/**
 * Verified bytes for every program of a plan.
 *
 * Sources are tried in the recipe's order. One that cannot be reached, or that the lock does not
 * pin, is passed over with a warning; wrong bytes stop the build.
 */
export async function acquireAll(context: Context, plan: Plan): Promise<Artifact[]> {
  const artifacts: Artifact[] = [];
  for (const program of plan.programs) artifacts.push(await acquireProgram(context, plan, program));
  return artifacts;
}

async function acquireProgram(context: Context, plan: Plan, program: PlannedProgram): Promise<Artifact> {
  const failures: SysextError[] = [];
  for (const source of program.sources) {
    try {
      const found = await acquireFrom(context, plan, program, source);
      return { program: program.name, version: program.version, source: source.kind, ...found };
    } catch (error) {
      if (!isUnavailable(error) && !isUnpinned(error)) throw error;
      failures.push(error);
      const next = program.sources[program.sources.indexOf(source) + 1];
      if (next !== undefined) {
        context.onEvent({
          type: 'warning',
          message: `${program.name}: source ${source.kind} is out of reach, using ${next.kind} instead${indented(reasonsOf(error))}`,
        });
      }
    }
  }
  if (failures.every(isUnpinned)) {
    throw new SysextError('NOT_LOCKED', failures.map(({ message }) => message).join('\n'), {
      hint: `sysext lock ${plan.name} ${plan.version}`,
    });
  }
  throw exhausted(failures);
}

const isUnpinned = (error: unknown): error is SysextError =>
  error instanceof SysextError && error.code === 'NOT_LOCKED';

async function acquireFrom(
  context: Context,
  plan: Plan,
  program: PlannedProgram,
  source: Source,
): Promise<Pick<Artifact, 'members' | 'inputs' | 'tools'>> {
  switch (source.kind) {
    case 'release':
      return await acquireRelease(context, source, program, plan.arch, plan.locked);
    case 'goModules':
      return await acquireGoModules(context, source, program, plan.arch, plan.extension.directory);
    case 'debian':
      return await acquireDebian(context, source, program, plan.arch, plan.locked.debian?.[program.name]);
  }
}
