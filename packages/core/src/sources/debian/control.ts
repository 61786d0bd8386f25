/** The fields of a paragraph by name in lower case; the lines of one that goes over several are joined by `\n`. */
export type Paragraph = ReadonlyMap<string, string>;

/** Characters of the longest paragraph that is read; Debian's are below 100 000. */
const maxParagraph = 1024 ** 2;

/**
 * The fields of a paragraph of a control file (deb822(5)); lines that are none are left out.
 * A field that occurs twice keeps its first value.
 */
export function parseParagraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    if (/^[ \t]/.test(line)) {
      if (name !== undefined) fields.set(name, `${fields.get(name)!}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    const found = colon > 0 ? line.slice(0, colon).toLowerCase() : undefined;
    name = found === undefined || fields.has(found) ? undefined : found;
    if (name !== undefined) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/**
 * Cuts a text into its paragraphs as it comes.
 *
 * @throws Error for one that does not end.
 */
export async function* paragraphsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Paragraph, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(/\n\n+/);
    rest = parts.pop()!;
    if (rest.length > maxParagraph) throw new Error(`a paragraph is longer than ${maxParagraph} characters`);
    for (const part of parts) yield parseParagraph(part);
  }
  const last = parseParagraph(rest + decoder.decode());
  if (last.size > 0) yield last;
}

/** Package names of a relationship field such as Depends, alternatives included, in its order (deb-control(5)). */
export function packageNames(field: string): string[] {
  return field.split(/[,|]/).flatMap((relation) => /^\s*([a-z0-9][a-z0-9+.-]+)(?=[\s:(]|$)/.exec(relation)?.[1] ?? []);
}

/** Upstream's version in a version of Debian's: without epoch, revision and marks of a repacked source (deb-version(7)). */
export function upstreamVersion(version: string): string {
  return version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~](?:dfsg|ds|repack)[\d.]*$/, '');
}
