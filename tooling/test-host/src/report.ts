import type { Machine } from './machine.ts';

const limit = 10_000;

async function output(machine: Machine, command: readonly string[]): Promise<string> {
  const { stdout, stderr } = await machine.run(command, {}, limit);
  return [stdout, stderr].filter((text) => text !== '').join('\n');
}

/** What a person would look at to find out why a host did not boot as it should. */
export async function findings(machine: Machine): Promise<string> {
  try {
    const failed = await output(machine, ['systemctl', 'list-units', '--failed', '--plain', '--no-legend']);
    const units = failed
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((unit) => unit !== '');
    const reports = await Promise.all(units.map((unit) => unitReport(machine, unit)));
    const jobs = await output(machine, ['systemctl', 'list-jobs', '--no-legend']);
    return [failed, ...reports, `jobs:\n${jobs}`, `console:\n${machine.console()}`].join('\n\n');
  } catch {
    return `console:\n${machine.console()}`;
  }
}

/** A unit's status and the end of its log. */
export async function unitReport(machine: Machine, unit: string): Promise<string> {
  const status = await output(machine, ['systemctl', 'status', '--no-pager', '--full', '--lines=0', '--', unit]);
  return `${status}\n${await journal(machine, unit, 50)}`;
}

/** The log of this boot: all of it, or a unit's, or the last lines. */
export async function journal(machine: Machine, unit?: string, lines?: number): Promise<string> {
  const of = unit === undefined ? [] : [`--unit=${unit}`];
  const last = lines === undefined ? [] : [`--lines=${lines}`];
  return output(machine, ['journalctl', '--no-pager', '--boot', '--output=short-monotonic', ...of, ...last]);
}
