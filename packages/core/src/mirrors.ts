import { SysextError } from './errors.ts';

/**
 * Rewrites URL prefixes, so that every download goes to an operator's own server.
 *
 * The lock and the build record keep upstream's URL: a mirror changes where bytes come from,
 * never which bytes they are.
 */
export class Mirrors {
  readonly #rules: readonly (readonly [from: string, to: string])[];

  constructor(rules: Readonly<Record<string, string>> = {}) {
    for (const prefix of Object.entries(rules).flat()) {
      if (!/^https?:\/\/[^/\s]/.test(prefix)) {
        throw new SysextError('USAGE', `mirror: ${JSON.stringify(prefix)} is no http or https URL`, { hint });
      }
    }
    // The longest prefix wins, whatever the order they are given in.
    this.#rules = Object.entries(rules).toSorted(([a], [b]) => b.length - a.length);
  }

  /** Reads the form of `SYSEXT_MIRRORS`: `FROM=TO` pairs, separated by white space. */
  static parse(text: string): Mirrors {
    const pairs = text.split(/\s+/).filter((pair) => pair !== '');
    const rules = pairs.map((pair) => {
      const at = pair.indexOf('=http');
      if (at <= 0) throw new SysextError('USAGE', `mirror: ${JSON.stringify(pair)} is not FROM=TO`, { hint });
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    });
    return new Mirrors(Object.fromEntries(rules));
  }

  /** The URL to ask instead of `url`. */
  rewrite(url: string): string {
    const rule = this.#rules.find(([from]) => url.startsWith(from));
    return rule === undefined ? url : rule[1] + url.slice(rule[0].length);
  }
}

const hint = 'for example SYSEXT_MIRRORS="https://github.com/=https://artifacts.example/github/"';

/** A URL as it may be shown: without user name and password, and without a query, which may hold a token. */
export function displayUrl(url: string): string {
  if (!URL.canParse(url)) return '(no URL)';
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  if (shown.search !== '') shown.search = '?…';
  return decodeURI(shown.href);
}
