/** One assignment of a unit file. */
export interface UnitSetting {
  readonly section: string;
  readonly key: string;
  /** Without surrounding space; continuation lines are joined by one space. */
  readonly value: string;
  /** Line of the file, from 1, on which the assignment begins. */
  readonly line: number;
}

/** A line that systemd does not understand. */
export interface UnitProblem {
  readonly line: number;
  readonly message: string;
  /** systemd does not load the unit at all; otherwise it ignores the line. */
  readonly fatal: boolean;
}

export interface UnitFile {
  readonly settings: readonly UnitSetting[];
  readonly problems: readonly UnitProblem[];
}

/**
 * Parses the syntax of unit files: sections, assignments, `#` and `;` comments (which do not end a
 * continuation), a backslash at the end of a line. Never throws; keeps repeated keys in order.
 *
 * Source: systemd.syntax(7).
 */
export function parseUnitFile(text: string): UnitFile {
  const settings: UnitSetting[] = [];
  const problems: UnitProblem[] = [];
  let section: string | undefined;

  for (const { text: line, number } of logicalLines(text)) {
    if (line.startsWith('[')) {
      section = line.endsWith(']') ? line.slice(1, -1) : undefined;
      if (section === undefined)
        problems.push({ line: number, message: `${quoted(line)} is no section header`, fatal: true });
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) problems.push({ line: number, message: `${quoted(line)} has no "="`, fatal: false });
    else if (section === undefined)
      problems.push({ line: number, message: `${quoted(line)} is in no section`, fatal: false });
    else
      settings.push({
        section,
        key: line.slice(0, equals).trimEnd(),
        value: line.slice(equals + 1).trimStart(),
        line: number,
      });
  }
  return { settings, problems };
}

function quoted(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}

function* logicalLines(text: string): Iterable<{ text: string; number: number }> {
  let pending: { parts: string[]; number: number } | undefined;
  let number = 0;
  for (const physical of text.replace(/^\ufeff/, '').split(/\r\n|[\n\r\0]/)) {
    number++;
    if (/^[ \t]*[#;]/.test(physical)) continue;
    const continued = endsInBackslash(physical);
    pending ??= { parts: [], number };
    pending.parts.push(continued ? `${physical.slice(0, -1)} ` : physical);
    if (continued) continue;
    yield* complete(pending);
    pending = undefined;
  }
  if (pending !== undefined) yield* complete(pending);
}

function* complete({ parts, number }: { parts: string[]; number: number }): Iterable<{ text: string; number: number }> {
  const text = parts.join('').trim();
  if (text !== '') yield { text, number };
}

/** An even number of backslashes escape each other. */
function endsInBackslash(line: string): boolean {
  let from = line.length;
  while (line[from - 1] === '\\') from--;
  return (line.length - from) % 2 === 1;
}

/** Assignments of a unit, or of a unit and its drop-ins. */
export interface UnitSettings<Setting extends UnitSetting = UnitSetting> {
  readonly settings: readonly Setting[];
}

/** All values of a list-like setting: an empty assignment takes back those before it. */
export function unitSettings<Setting extends UnitSetting>(
  unit: UnitSettings<Setting>,
  section: string,
  key: string,
): Setting[] {
  const found = unit.settings.filter((setting) => setting.section === section && setting.key === key);
  return found.slice(found.findLastIndex(({ value }) => value === '') + 1);
}

/** The value that counts for a setting with one value: the last one. */
export function unitValue(unit: UnitSettings, section: string, key: string): string | undefined {
  return unitSettings(unit, section, key).at(-1)?.value;
}

/** A boolean as systemd reads it in units and release files; anything else counts as no. */
export function isYes(text: string | undefined): boolean {
  return /^(?:1|yes|y|true|t|on)$/i.test(text ?? '');
}

/** A command of an `Exec…=` setting. */
export interface ExecCommand {
  /** Special characters before the program: `-` ignores failure, `@ : + ! |` change how it runs. */
  readonly prefix: string;
  /** The program: an absolute path, or a name looked up in systemd's own search path. */
  readonly program: string;
  readonly arguments: readonly string[];
}

/**
 * Splits an `Exec…=` value into its commands, or `undefined` where systemd refuses it: an
 * unbalanced quote or no program.
 *
 * Source: systemd.service(5), "Command lines". Specifiers and variables stay as they are.
 */
export function parseExec(value: string): ExecCommand[] | undefined {
  const words = splitWords(value);
  if (words === undefined) return undefined;
  const commands: ExecCommand[] = [];
  let current: string[] = [];
  for (const { text, bare } of [...words, { text: ';', bare: true }]) {
    if (!bare || text !== ';') {
      current.push(bare && text === '\\;' ? ';' : text);
      continue;
    }
    const [first, ...rest] = current;
    current = [];
    if (first === undefined) continue;
    const prefix = /^[@\-:+!|]*/.exec(first)![0];
    if (first === prefix) return undefined;
    commands.push({
      prefix,
      program: first.slice(prefix.length),
      arguments: prefix.includes('@') ? rest.slice(1) : rest,
    });
  }
  return commands.length === 0 ? undefined : commands;
}

interface Word {
  readonly text: string;
  /** Written without a quote. */
  readonly bare: boolean;
}

/**
 * Words of a command line: space separates, both kinds of quotes join, C escapes are decoded and
 * unknown ones kept. `undefined` when a quote or the line's last escape has no end.
 */
export function splitWords(value: string): Word[] | undefined {
  const words: Word[] = [];
  let text = '';
  let started = false;
  let bare = true;
  let quote = '';
  const finish = (): void => {
    if (started) words.push({ text, bare });
    text = '';
    started = false;
    bare = true;
  };
  for (let at = 0; at < value.length; at++) {
    const c = value[at]!;
    if (c === '\\') {
      if (at + 1 === value.length) return undefined;
      const escape = decodeEscape(value, at + 1);
      text += escape.text;
      at += escape.length;
      started = true;
    } else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      started = true;
      bare = false;
    } else if (c === quote) {
      quote = '';
    } else if (quote === '' && /\s/.test(c)) {
      finish();
    } else {
      text += c;
      started = true;
    }
  }
  finish();
  return quote === '' ? words : undefined;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', s: ' ', '\\': '\\', '"': '"', "'": "'",
}; // prettier-ignore

/** Decodes the escape whose backslash stands before `at`; `length` is what to skip after it. */
function decodeEscape(value: string, at: number): { text: string; length: number } {
  const simple = Object.hasOwn(simpleEscapes, value[at]!) ? simpleEscapes[value[at]!] : undefined;
  if (simple !== undefined) return { text: simple, length: 1 };
  const numeric = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
    value.slice(at, at + 9),
  );
  if (numeric !== null) {
    const [whole, byte, short, long, octal] = numeric;
    const code = octal === undefined ? parseInt(byte ?? short ?? long!, 16) : parseInt(octal, 8);
    if (code > 0 && code <= 0x10ffff) return { text: String.fromCodePoint(code), length: whole.length };
  }
  return { text: `\\${value[at]}`, length: 1 };
}
