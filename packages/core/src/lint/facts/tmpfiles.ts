import { splitWords } from '../../unit-file.ts';

/** A line of a file in `tmpfiles.d`. */
export interface TmpfilesLine {
  /** Letter and modifiers: `d`, `L+`, `C`. */
  readonly type: string;
  /** What it makes on the host. */
  readonly target: string;
  readonly path: string;
  readonly line: number;
}

/** The lines of a tmpfiles.d(5) file; what is no line of one is left out. */
export function parseTmpfiles(path: string, text: string): TmpfilesLine[] {
  return text.split('\n').flatMap((raw, index): TmpfilesLine[] => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const [type, target] = (splitWords(line) ?? []).map((word) => word.text);
    return type === undefined || target === undefined ? [] : [{ type, target, path, line: index + 1 }];
  });
}
