import type { Extension, Recipe } from '../recipe.ts';
import { seriesOf } from '../series.ts';
import { componentOf, imageDirectory, imageLink, renderTransfer } from '../sysupdate.ts';
import { startingTarget } from '../units.ts';
import { updateTimer, updaterFiles, updaterSettings } from '../updater.ts';
import { imageStem } from '../version.ts';
import type { ButaneDocument, ButaneFile, ButaneFragment, ButaneLink } from './document.ts';
import type { CommonParameters } from './parameters.ts';
import { requiredVersions } from './required-versions.ts';

/** What an extension needs on a host beyond what every extension does. */
export interface Provision extends Partial<ButaneDocument> {
  /** Units of the image that start at boot. */
  readonly start?: readonly string[];
}

/** Where systemd looks for the keys of sysupdate's signatures, in every version (systemd-sysupdate(8)). */
const keyringPath = '/etc/systemd/import-pubring.gpg';

/** Images of Flatcar itself, merged unless their link is replaced. */
const builtIn = new Set(['docker-flatcar', 'containerd-flatcar']);

/**
 * Makes an image's unit start at boot.
 *
 * By a link, since a preset, which Ignition's `enabled: true` is, finds no unit before the image is merged, and
 * Flatcar up to 4593 merges after presets were applied. The link may dangle until then.
 */
function startAtBoot(unit: string): ButaneLink {
  const file = unit.replace(/@.*\./, '@.');
  const directory = `/etc/systemd/system/${startingTarget(unit)}.wants`;
  return { path: `${directory}/${unit}`, target: `/usr/lib/systemd/system/${file}` };
}

/** What follows the repository: the transfer under both its names, the updater, its timer, and the keys. */
async function followingFiles(
  recipe: Recipe,
  { baseUrl, verify = true, keyring }: CommonParameters,
  series: ReturnType<typeof seriesOf>,
): Promise<{ files: ButaneFile[]; links: ButaneLink[] }> {
  const component = componentOf(recipe.name, series);
  const transfer = renderTransfer(recipe.name, { baseUrl, verify, series });
  const timer = updateTimer(component);
  return {
    files: [
      ...['transfer', 'conf'].map((suffix) => ({
        path: `/etc/sysupdate.${component}.d/${component}.${suffix}`,
        text: transfer,
      })),
      ...(await updaterFiles()),
      updaterSettings(recipe, component),
      ...(verify && keyring !== undefined ? [{ path: keyringPath, bytes: keyring }] : []),
    ],
    // An instance; Ignition would have to ask a systemd, which it may not have, to enable it.
    links: [
      {
        path: `/etc/systemd/system/${startingTarget(timer)}.wants/${timer}`,
        target: `/etc/systemd/system/${timer.replace(/@.*\./, '@.')}`,
      },
    ],
  };
}

/** What an extension puts into a document: the same for all, and what is its own. */
export async function makeFragment(
  recipe: Extension,
  parameters: CommonParameters,
  provision: Provision,
): Promise<ButaneFragment> {
  const { name, requires = [], conflicts = [] } = recipe;
  const { baseUrl, image, update = true } = parameters;
  const series = parameters.series === undefined ? undefined : seriesOf(recipe.series, image.version);
  const file = `${imageStem({ name, version: image.version, revision: 0, arch: image.arch })}.raw`;
  const path = `${imageDirectory(name)}/${file}`;
  const following = update ? await followingFiles(recipe, parameters, series) : { files: [], links: [] };
  return {
    extension: name,
    component: componentOf(name, series),
    version: image.version,
    requires,
    requiresVersion: await requiredVersions(recipe, image.version),
    conflicts,
    content: {
      files: [
        { path, url: `${baseUrl.replace(/\/*$/, '')}/${name}/${file}`, sha256: image.sha256 },
        ...following.files,
        ...(provision.files ?? []),
      ],
      directories: provision.directories ?? [],
      links: [
        { path: imageLink(name), target: path },
        ...conflicts
          .filter((other) => builtIn.has(other))
          .map((other) => ({ path: imageLink(other), target: '/dev/null', overwrite: true })),
        ...following.links,
        ...(provision.start ?? []).map(startAtBoot),
        ...(provision.links ?? []),
      ],
      units: provision.units ?? [],
    },
  };
}
