import { baseName } from '../../image-path.ts';
import {
  type ExecCommand, type UnitProblem, type UnitSetting, isYes, parseExec, parseUnitFile, unitSettings,
} from '../../unit-file.ts'; // prettier-ignore
import { isUnitPath, unitDirectories } from '../../units.ts';
import type { Tree } from '../../tree.ts';

/** An assignment and the file it is in. */
interface PlacedSetting extends UnitSetting {
  readonly path: string;
}

/** A unit of the image, or a unit of the host that the image has drop-ins for. */
export interface UnitFacts {
  readonly name: string;
  /** Path of the unit's own file; absent when there are drop-ins alone. */
  readonly path: string | undefined;
  /** What file and drop-ins say, in the order in which systemd reads them. */
  readonly settings: readonly PlacedSetting[];
}

/** An `Exec…=` line of a unit in the image. */
interface UnitCommand {
  readonly unit: UnitFacts;
  readonly setting: PlacedSetting;
  /** What it runs; `undefined` when systemd refuses the line. */
  readonly commands: readonly ExecCommand[] | undefined;
}

/** A link in a `.wants`, `.requires` or `.upholds` directory. */
interface EnableLink {
  readonly path: string;
  /** The unit that is started. */
  readonly unit: string;
  readonly kind: 'wants' | 'requires' | 'upholds';
}

export interface UnitsFacts {
  readonly units: readonly UnitFacts[];
  readonly commands: readonly UnitCommand[];
  readonly enableLinks: readonly EnableLink[];
  /** Lines systemd does not understand. */
  readonly unitProblems: readonly (UnitProblem & { readonly path: string })[];
  /** Units that something in the image starts or keeps running, templates by their own name. */
  readonly started: ReadonlySet<string>;
  /** Units named by an `Upholds=`, with the place that names them. */
  readonly upheld: ReadonlyMap<string, PlacedSetting>;
}

const dropIn = new RegExp(`^(?:${unitDirectories.join('|')})/([^/]+)\\.d/[^/]+\\.conf$`);
const enableLink = new RegExp(`^(?:${unitDirectories.join('|')})/[^/]+\\.(wants|requires|upholds)/([^/]+)$`);

/** Paths whose text {@link unitsFacts} needs: unit files and drop-ins. */
export function unitTextPaths(tree: Tree): string[] {
  return [...tree].flatMap(([path, { type }]) =>
    type === 'file' && (isUnitPath(path) || dropIn.test(path)) ? [path] : [],
  );
}

/** Template of an instance: `a@.service` for `a@b.service`; other names stay as they are. */
export function templateOf(unit: string): string {
  return unit.replace(/@[^@]*\.(?=[a-z]+$)/, '@.');
}

/** Reads units, their drop-ins, and what starts what. `texts` holds the files of {@link unitTextPaths}. */
export function unitsFacts(tree: Tree, texts: ReadonlyMap<string, string>): UnitsFacts {
  const unitProblems: (UnitProblem & { path: string })[] = [];
  const files = new Map<
    string,
    { path: string | undefined; own: PlacedSetting[]; dropIns: [name: string, PlacedSetting[]][] }
  >();
  for (const [path, text] of texts) {
    const { settings, problems } = parseUnitFile(text);
    unitProblems.push(...problems.map((problem) => ({ ...problem, path })));
    const placed = settings.map((setting) => ({ ...setting, path }));
    const extended = dropIn.exec(path)?.[1];
    const name = extended ?? baseName(path);
    const file = files.get(name) ?? { path: undefined, own: [], dropIns: [] };
    if (extended === undefined) Object.assign(file, { path, own: placed });
    else file.dropIns.push([baseName(path), placed]);
    files.set(name, file);
  }
  const units = [...files].map(([name, { path, own, dropIns }]): UnitFacts => {
    const ordered = dropIns.toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, settings]) => settings);
    return { name, path, settings: [...own, ...ordered] };
  });

  const enableLinks = [...tree].flatMap(([path, entry]): EnableLink[] => {
    const match = entry.type === 'symlink' ? enableLink.exec(path) : null;
    return match === null ? [] : [{ path, kind: match[1] as EnableLink['kind'], unit: match[2]! }];
  });
  const upheld = new Map(
    units.flatMap((unit) => wordsOf(unit, 'Unit', 'Upholds').map(({ word, setting }) => [word, setting] as const)),
  );
  const started = new Set([...units.flatMap(startedBy), ...enableLinks.map(({ unit }) => unit)].map(templateOf));
  return { units, commands: units.flatMap(commandsOf), enableLinks, unitProblems, started, upheld };
}

const commandSections: ReadonlySet<string> = new Set(['Service', 'Socket']);

function commandsOf(unit: UnitFacts): UnitCommand[] {
  const keys = new Set(unit.settings.flatMap(({ section, key }) =>
    commandSections.has(section) && /^Exec(?:Condition|Start(?:Pre|Post)?|Reload(?:Post)?|Stop(?:Pre|Post)?)$/.test(key)
      ? [`${section}.${key}`]
      : [],
  )); // prettier-ignore
  return [...keys].flatMap((name) => {
    const [section, key] = name.split('.') as [string, string];
    return unitSettings(unit, section, key).map((setting) => ({ unit, setting, commands: parseExec(setting.value) }));
  });
}

/** The space-separated words of a list-like setting, each with its place. */
function wordsOf(unit: UnitFacts, section: string, key: string): { word: string; setting: PlacedSetting }[] {
  return unitSettings(unit, section, key).flatMap((setting) =>
    setting.value.split(/\s+/).flatMap((word) => (word === '' ? [] : [{ word, setting }])),
  );
}

const pullingKeys = ['Upholds', 'Wants', 'Requires', 'BindsTo', 'OnSuccess', 'OnFailure'];

/** Names of the units that `unit` pulls in or triggers. */
function startedBy(unit: UnitFacts): string[] {
  const pulled = pullingKeys.flatMap((key) => wordsOf(unit, 'Unit', key).map(({ word }) => word));
  const trigger = /^(.*)\.(socket|timer|path)$/.exec(unit.name);
  if (trigger === null) return pulled;
  const [, stem, type] = trigger;
  const key = type === 'socket' ? 'Service' : 'Unit';
  const section = `${type![0]!.toUpperCase()}${type!.slice(1)}`;
  const named = wordsOf(unit, section, key).map(({ word }) => word);
  const accepts = unitSettings(unit, 'Socket', 'Accept').some(({ value }) => isYes(value));
  return [...pulled, ...(named.length > 0 ? named : [accepts ? `${stem}@.service` : `${stem}.service`])];
}
