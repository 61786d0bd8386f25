import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from './recipe.ts';
import { setupUnit } from './units.ts';

/** A file to put on a host. */
export interface HostFile {
  /** Absolute. */
  readonly path: string;
  /** Permission bits; owner root. */
  readonly mode: number;
  readonly text: string;
}

/** The timer unit that updates a component. */
export function updateTimer(component: string): string {
  return `sysext-update@${component}.timer`;
}

/**
 * The updater, the same for every extension: a program, and a service and a timer of which each component has an
 * instance.
 */
export async function updaterFiles(): Promise<HostFile[]> {
  const read = async (name: string): Promise<string> =>
    await readFile(join(import.meta.dirname, 'updater', name), 'utf8');
  return [
    { path: '/opt/bin/sysext-update', mode: 0o755, text: await read('sysext-update.sh') },
    { path: '/etc/systemd/system/sysext-update@.service', mode: 0o644, text: await read('sysext-update@.service') },
    { path: '/etc/systemd/system/sysext-update@.timer', mode: 0o644, text: await read('sysext-update@.timer') },
  ];
}

/** What the updater has to know of a component beyond its transfer. */
export function updaterSettings(recipe: Pick<Recipe, 'name' | 'services' | 'update'>, component: string): HostFile {
  const { apply = 'restart', lock } = recipe.update ?? {};
  const { services = {} } = recipe;
  // A socket listens on while its service is restarted, and cannot be restarted under one that runs.
  const served = (unit: string): boolean => unit.endsWith('.socket') && unit.replace(/socket$/, 'service') in services;
  const units = Object.keys(services).filter((unit) => !served(unit));
  const settings = {
    APPLY: apply,
    SETUP: setupUnit(recipe.name),
    UNITS: units.join(' '),
    ...(lock === undefined ? {} : { LOCK: lock.command.join(' '), LOCK_ENVIRONMENT: lock.environmentFile }),
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`);
  return { path: `/etc/sysext-update/${component}.env`, mode: 0o644, text: text.join('') };
}
