import { baseName } from './image-path.ts';
import type { Recipe } from './recipe.ts';

/** Directories of an image that systemd loads units from. */
export const unitDirectories = ['usr/lib/systemd/system', 'usr/local/lib/systemd/system'] as const;

const unitName = /^[A-Za-z0-9:_.\\@-]+\.(service|socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;

/** True for the path of a unit file itself, not of a drop-in or a link in a `.wants` directory. */
export function isUnitPath(path: string): boolean {
  const directory = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  return (unitDirectories as readonly string[]).includes(directory) && unitName.test(baseName(path));
}

/** A generated file: path in the image and text. */
export type GeneratedFile = readonly [path: string, text: string];

/** The target with which a unit starts at boot. */
export function startingTarget(unit: string): string {
  if (unit.endsWith('.socket')) return 'sockets.target';
  return unit.endsWith('.timer') ? 'timers.target' : 'multi-user.target';
}

/**
 * Has the target keep a unit running once the image is merged: `Upholds=` also acts on a live
 * refresh, which `.wants` links and `[Install]` sections do not.
 */
function uphold(unit: string): GeneratedFile {
  const stem = unit.slice(0, unit.lastIndexOf('.'));
  return [
    `usr/lib/systemd/system/${startingTarget(unit)}.d/10-${unit.replace(`${stem}.`, `${stem}-`)}.conf`,
    `[Unit]\nUpholds=${unit}\n`,
  ];
}

/** What starts the units of a recipe that somebody need not start by hand. */
export function renderStarts(recipe: Pick<Recipe, 'services'>): GeneratedFile[] {
  return Object.entries(recipe.services ?? {}).flatMap(([unit, service]) => {
    if (service.start === 'on-merge') return [uphold(unit)];
    return service.start === 'when-configured' ? startWhenConfigured(unit, service.configuration) : [];
  });
}

/**
 * Starts a service that has its configuration with the merge, and one that has none when it is written.
 *
 * The merge starts a path unit, which pulls the service in that one time: `Wants=` of a unit that stays up acts no
 * second time, so that a service which an operator stops stays stopped. `PathExists=` would start it at once again,
 * and so would `Upholds=` on the service; with a condition, the latter tries without end (rule `upheld-condition`). What
 * the path unit triggers pulls the service in too: if it were the service itself, masking that would have the path unit
 * fail, and be tried without end.
 */
function startWhenConfigured(service: string, configuration: string): GeneratedFile[] {
  const [path, trigger] = [service.replace(/service$/, 'path'), service.replace(/\.service$/, '-configured.service')];
  const units = 'usr/lib/systemd/system';
  const pathUnit = `[Unit]
Description=Configuration of ${service}
Wants=${service}

[Path]
PathChanged=${configuration}
Unit=${trigger}
`;
  const triggered = `[Unit]
Description=Start of ${service} with a new configuration
Wants=${service}

[Service]
Type=oneshot
ExecStart=/usr/bin/true
`;
  return [
    [`${units}/${path}`, pathUnit],
    uphold(path),
    [`${units}/${trigger}`, triggered],
    [`${units}/${service}.d/10-configured.conf`, `[Unit]\nConditionPathExists=${configuration}\n`],
  ];
}

/** Name of the generated unit that makes an extension's users and directories. */
export function setupUnit(name: string): string {
  return `${name}-setup.service`;
}

/**
 * A unit that makes the users and directories an image declares in `sysusers.d` and `tmpfiles.d`.
 *
 * Merging runs neither systemd-sysusers nor systemd-tmpfiles: at boot the former is conditioned
 * on ConditionNeedsUpdate=, and a live refresh runs none of them. The unit starts with the merge
 * and before every service of the recipe.
 *
 * @param paths all paths of the image.
 */
export function renderSetup(recipe: Pick<Recipe, 'name' | 'services'>, paths: readonly string[]): GeneratedFile[] {
  const below = (directory: string): string[] =>
    paths
      .filter((path) => path === `${directory}/${baseName(path)}` && path.endsWith('.conf'))
      .map((path) => `/${path}`);
  const users = below('usr/lib/sysusers.d');
  const directories = below('usr/lib/tmpfiles.d');
  if (users.length + directories.length === 0) return [];
  const unit = setupUnit(recipe.name);
  const commands = [
    ...(users.length === 0 ? [] : [`ExecStart=/usr/bin/systemd-sysusers ${users.join(' ')}`]),
    ...(directories.length === 0 ? [] : [`ExecStart=/usr/bin/systemd-tmpfiles --create ${directories.join(' ')}`]),
  ];
  const text = `[Unit]
Description=Users and directories of the ${recipe.name} extension
After=local-fs.target systemd-sysusers.service systemd-tmpfiles-setup.service

[Service]
Type=oneshot
RemainAfterExit=yes
${commands.join('\n')}
`;
  const order = `[Unit]\nWants=${unit}\nAfter=${unit}\n`;
  const services = Object.keys(recipe.services ?? {}).filter((service) => service.endsWith('.service'));
  return [
    [`usr/lib/systemd/system/${unit}`, text],
    uphold(unit),
    ...services.map((service) => [`usr/lib/systemd/system/${service}.d/10-setup.conf`, order] as const),
  ];
}
