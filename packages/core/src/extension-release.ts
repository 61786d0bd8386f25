import type { Arch } from './arch.ts';
import type { TargetOs } from './plan.ts';
import { type ImageIdentity, imageVersion } from './version.ts';

/** Directory of release files inside an image (systemd-sysext(8)). */
export const releaseDirectory = 'usr/lib/extension-release.d';

/** Path of an extension's release file; `name` is the image's name on the host, without version. */
export function releasePath(name: string): string {
  return `${releaseDirectory}/extension-release.${name}`;
}

export interface ReleaseFacts extends Pick<ImageIdentity, 'name' | 'version' | 'revision'> {
  readonly arch: Arch;
  readonly os: TargetOs;
  /** Whether PID 1 has to reread its units after a merge. */
  readonly reloadManager: boolean;
}

/**
 * The release file a host checks before it merges an image (os-release(5), systemd-sysext(8)).
 *
 * Pinned to a VERSION_ID, it carries no SYSEXT_LEVEL: hosts that have a level, as Flatcar has,
 * would compare the level alone. `SYSEXT_ID` and `SYSEXT_VERSION_ID` describe the image itself
 * and are never matched.
 */
export function renderExtensionRelease(facts: ReleaseFacts): string {
  const { id, versionId } = facts.os;
  const pin = versionId !== undefined ? [`VERSION_ID=${versionId}`] : id === '_any' ? [] : ['SYSEXT_LEVEL=1.0'];
  const lines = [
    `ID=${id}`,
    ...pin,
    `ARCHITECTURE=${facts.arch}`,
    ...(facts.reloadManager ? ['EXTENSION_RELOAD_MANAGER=1'] : []),
    `SYSEXT_ID=${facts.name}`,
    `SYSEXT_VERSION_ID=${imageVersion(facts)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A release file as a host reads it: fields, and the lines it would ignore. */
export interface ParsedRelease {
  readonly fields: Readonly<Record<string, string>>;
  /** Lines that are neither assignment nor comment, with their numbers from 1. */
  readonly ignored: readonly { readonly line: number; readonly text: string }[];
}

/**
 * Parses os-release syntax as a host does: `#` and `;` comments, quotes that may span lines,
 * backslashes, CRLF; the last assignment of a name wins. Never throws.
 *
 * Source: os-release(5), and the behaviour of systemd 254 and later where that is silent: a quote
 * without end runs to the end of the file, text may follow a closing quote, an escaped line end is
 * dropped.
 */
export function parseExtensionRelease(text: string): ParsedRelease {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const ignored: { line: number; text: string }[] = [];
  const end = text.indexOf('\0') < 0 ? text.length : text.indexOf('\0');
  let line = 1;
  for (let at = 0; at < end;) {
    const lineEnd = endOfLine(text, at, end);
    const statement = text.slice(at, lineEnd).trimStart();
    const equals = lineEnd - statement.length + statement.indexOf('=');
    if (statement === '' || /^[#;]/.test(statement)) {
      at = lineEnd + 1;
    } else if (!statement.includes('=')) {
      ignored.push({ line, text: statement.trimEnd() });
      at = lineEnd + 1;
    } else {
      const value = readValue(text, equals + 1, end);
      fields[text.slice(at, equals).trim()] = value.text;
      line += value.lines;
      at = value.end + 1;
    }
    line += text[at - 1] === '\n' ? 1 : 0;
  }
  return { fields, ignored };
}

function endOfLine(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

/** Reads a value up to the end of its line; `lines` counts the line ends within it. */
function readValue(text: string, from: number, limit: number): { text: string; end: number; lines: number } {
  let value = '';
  /** Length of the value without the space after its last word. */
  let kept = 0;
  let quote = '';
  let bare = false;
  let lines = 0;
  let at = from;
  for (; at < limit; at++) {
    const c = text[at]!;
    const next = text[at + 1] ?? '';
    if (quote === '' && (c === '\n' || c === '\r')) break;
    if (c === '\n' || (c === '\\' && next === '\n')) lines++;
    if (c === '\\' && quote !== "'") {
      at++;
      if (at === limit) break;
      if (next !== '\n' && !(next === '\r' && quote === '')) {
        // Within double quotes only these lose their backslash.
        value += quote === '"' && !'"\\$`'.includes(next) ? c + next : next;
      }
      bare ||= quote === '';
      kept = value.length;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else value += c;
      kept = value.length;
    } else if (!bare && (c === '"' || c === "'")) {
      quote = c;
    } else if (bare || !isSpace(c)) {
      bare = true;
      value += c;
      if (!isSpace(c)) kept = value.length;
    }
  }
  return { text: value.slice(0, kept), end: at, lines };
}

const isSpace = (c: string): boolean => c === ' ' || c === '\t';
