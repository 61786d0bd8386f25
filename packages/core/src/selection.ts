import picomatch from 'picomatch';
import { SysextError } from './errors.ts';
import { baseName } from './image-path.ts';
import type { Download, Placement } from './sources/source.ts';

/** Where a selected member goes. */
export interface Selected {
  /** Path in the image, without a leading slash. */
  readonly path: string;
  /** Permission bits, when the recipe sets them. */
  readonly mode: number | undefined;
  /** The pattern that selected it. */
  readonly pattern: string;
}

/** The members of an archive that a recipe installs, and where. */
export interface Selection {
  /** Where the member of this name goes; `undefined` when it is not taken. */
  select(member: string): Selected | undefined;
  /** Patterns that must match something and, of those in `matched`, have not. */
  missing(matched: ReadonlySet<string>): string[];
}

/**
 * Compiles `take`, `leave` and `strip` of a download. `fill` replaces placeholders.
 *
 * @throws SysextError `RECIPE_INVALID` when `take` does not fit an archive, or a raw file.
 */
export function compileSelection(
  download: Pick<Download, 'url' | 'take' | 'leave' | 'strip'>,
  fill: (template: string) => string,
): Selection {
  if (isPlacement(download.take)) {
    throw new SysextError(
      'RECIPE_INVALID',
      `${fill([download.url].flat()[0]!)} is an archive: "take" has to name members`,
    );
  }
  const leave = picomatch(
    (download.leave ?? []).map((pattern) => fill(wholeTree(pattern))),
    { dot: true },
  );
  const rules = Object.entries(download.take).map(([pattern, placement]) => {
    const filled = fill(pattern);
    const { to, mode, optional } = normalise(placement);
    return {
      pattern,
      subtree: filled.endsWith('/') ? filled : undefined,
      matches: picomatch(wholeTree(filled), { dot: true }),
      to: fill(to),
      mode,
      optional,
    };
  });
  return {
    select(member) {
      const name = stripComponents(member, download.strip ?? 0);
      if (name === undefined || leave(name)) return undefined;
      const rule = rules.find(({ matches }) => matches(name));
      if (rule === undefined) return undefined;
      const kept = rule.subtree === undefined ? baseName(name) : name.slice(rule.subtree.length);
      const path = rule.to.endsWith('/') ? rule.to + kept : rule.to;
      return { path: path.slice(1), mode: rule.mode, pattern: rule.pattern };
    },
    missing: (matched) =>
      rules.filter(({ pattern, optional }) => !optional && !matched.has(pattern)).map(({ pattern }) => pattern),
  };
}

/** The one place of a download that is a file by itself. */
export function rawPlacement(download: Download, fill: (template: string) => string): Omit<Selected, 'pattern'> {
  const url = fill([download.url].flat()[0]!);
  if (!isPlacement(download.take)) {
    throw new SysextError(
      'RECIPE_INVALID',
      `${url} is a single file: "take" has to be its place, not a list of members`,
    );
  }
  const { to, mode } = normalise(download.take);
  const path = fill(to);
  return { path: (path.endsWith('/') ? path + baseName(new URL(url).pathname) : path).slice(1), mode };
}

const isPlacement = (take: Download['take']): take is Placement =>
  typeof take === 'string' ||
  (typeof take['to'] === 'string' && Object.keys(take).every((key) => ['to', 'mode', 'optional'].includes(key)));

function normalise(placement: Placement): { to: string; mode: number | undefined; optional: boolean } {
  if (typeof placement === 'string') return { to: placement, mode: undefined, optional: false };
  const { to, mode, optional = false } = placement;
  return { to, mode: mode === undefined ? undefined : Number.parseInt(mode, 8), optional };
}

/** A pattern that ends in a slash stands for everything below. */
const wholeTree = (pattern: string): string => (pattern.endsWith('/') ? `${pattern}**` : pattern);

function stripComponents(member: string, count: number): string | undefined {
  const parts = member.split('/');
  return parts.length > count ? parts.slice(count).join('/') : undefined;
}
