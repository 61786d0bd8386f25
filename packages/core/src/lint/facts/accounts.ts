import { splitWords } from '../../unit-file.ts';

/** A user or group that a file in `sysusers.d` declares. */
export interface Account {
  /** `u` makes a user and its group, `g` a group. */
  readonly type: 'u' | 'g';
  readonly name: string;
  /** Fixed numeric id, when there is one. */
  readonly id: number | undefined;
  readonly path: string;
  readonly line: number;
}

/** The accounts of a sysusers.d(5) file; other line types and lines with specifiers are left out. */
export function parseSysusers(path: string, text: string): Account[] {
  return text.split('\n').flatMap((raw, index): Account[] => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const [type, name, id] = (splitWords(line) ?? []).map((word) => word.text);
    const kind = type?.[0];
    if ((kind !== 'u' && kind !== 'g') || name === undefined || name.includes('%')) return [];
    const number = /^\d+/.exec(id ?? '')?.[0];
    return [{ type: kind, name, id: number === undefined ? undefined : Number(number), path, line: index + 1 }];
  });
}
