import { flatcarExtensions } from '../host/flatcar.ts';
import { hostAdminPrograms } from '../host/programs.ts';
import { baseName } from '../image-path.ts';
import { unitValue } from '../unit-file.ts';
import type { Facts } from './facts.ts';
import { lookUp } from './facts/lookup.ts';
import { findProgram } from './facts/programs.ts';
import type { UnitFacts } from './facts/units.ts';
import type { Problem, Rule } from './rule.ts';

/**
 * Source: systemd.service(5), "Command lines". `/usr/sbin` is a directory on LTS 4081 and a link to
 * `bin` later; a name without a directory is found on both.
 */
export const unitExecPath: Rule = {
  name: 'unit-exec-path',
  summary: 'Programs that units run are in the image or on every host, at that path on every release.',
  *check(facts) {
    for (const { unit, setting, commands } of facts.commands) {
      const place = { path: `/${setting.path}` };
      const where = `line ${setting.line}: ${setting.key}=`;
      if (commands === undefined) {
        const message = `${where} is no command line to systemd, which does not load the unit`;
        yield { severity: 'error', ...place, message, fix: 'balance its quotes, and name a program' };
        continue;
      }
      for (const { prefix, program } of commands) {
        const found = problemOf(facts, unit, program);
        if (found === undefined) continue;
        const severity = prefix.includes('-') ? 'warning' : found.severity;
        yield { severity, ...place, message: `${where}${program} ${found.message}`, fix: found.fix };
      }
    }
  },
};

type PathProblem = Omit<Problem, 'path'>;

function problemOf(facts: Facts, unit: UnitFacts, program: string): PathProblem | undefined {
  const elsewhere = ['RootDirectory', 'RootImage'].some((key) => unitValue(unit, 'Service', key) !== undefined);
  // Specifiers and variables are known on the host alone.
  if (elsewhere || /[%$]/.test(program)) return undefined;
  if (!program.startsWith('/')) {
    return findProgram(facts.tree, program) === undefined ? missing(facts, `usr/bin/${program}`) : undefined;
  }
  const name = baseName(program);
  if (/^(?:\/usr(?:\/local)?)?\/sbin\//.test(program)) {
    if (!program.startsWith('/usr/local/') && hostAdminPrograms.has(name)) return undefined;
    return {
      severity: 'error',
      message: 'is not there on LTS 4081, where sbin is no link to bin: the unit fails',
      fix: `write ${program.startsWith('/usr/local/') ? '/usr/local' : '/usr'}/bin/${name}`,
    };
  }
  const place = lookUp(facts.tree, program);
  switch (place.kind) {
    case 'image':
      if (place.entry.type === 'file' && (place.entry.mode & 0o111) !== 0) return undefined;
      return { severity: 'error', message: 'cannot be executed: the unit fails', fix: 'give the file mode 0755' };
    case 'host':
      if (!hostAdminPrograms.has(name)) return undefined;
      return {
        severity: 'warning',
        message: 'is in /usr/sbin on LTS 4081',
        fix: `write ${name} without a directory: systemd finds it on every release`,
      };
    case 'outside':
      if (isConditionedOn(unit, program)) return undefined;
      return {
        severity: 'warning',
        message: 'is not part of the image: the unit fails until somebody puts it there',
        fix: `ship it below /usr, or add ConditionPathExists=${program}`,
      };
    case 'missing':
    case 'loop':
      return isConditionedOn(unit, program) ? undefined : missing(facts, place.path);
  }
}

/** Flatcar's own images, and extensions that have to be there too, may bring the program. */
function missing({ recipe }: Facts, path: string): PathProblem {
  const home = [...flatcarExtensions].find(([, paths]) => paths.has(path))?.[0];
  return {
    severity: home === undefined && recipe?.requires === undefined ? 'error' : 'warning',
    message: `is neither in the image nor on every host${home === undefined ? '' : ` (${home} has it)`}: the unit fails`,
    fix: `ship it, correct the path, or add ConditionFileIsExecutable=/${path}`,
  };
}

/** True when the unit is skipped where the program is missing. */
function isConditionedOn(unit: UnitFacts, program: string): boolean {
  return unit.settings.some(
    ({ section, key, value }) =>
      section === 'Unit' &&
      /^(?:Condition|Assert)(?:PathExists|FileIsExecutable|FileNotEmpty)$/.test(key) &&
      value.replace(/^\|/, '') === program,
  );
}
