/**
 * Finds the SHA-256 digest of a file in a checksum list, as upstreams write them: `hash  name`,
 * `hash *name`, names with `./` or a directory in front, BSD style `SHA256 (name) = hash`, or a
 * file that holds one digest and nothing else.
 *
 * @returns the digest in lower case; `undefined` when the list does not name the file, or names
 * it with different digests.
 */
export function digestInSums(text: string, fileName: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const bare = lines.length === 1 ? /^\s*([0-9a-f]{64})\s*$/i.exec(lines[0]!) : null;
  if (bare !== null) return bare[1]!.toLowerCase();
  const found = new Set<string>();
  for (const line of lines) {
    const match =
      /^(?<digest>[0-9a-f]{64})\s+\*?(?<name>\S.*)$/i.exec(line) ??
      /^SHA(?:2-)?256 \((?<name>.+)\) = (?<digest>[0-9a-f]{64})$/i.exec(line);
    if (match === null) continue;
    const { digest, name } = match.groups as { digest: string; name: string };
    // The whole last component: some lists name the members of archives as well.
    if (name.trim().split('/').at(-1) === fileName) found.add(digest.toLowerCase());
  }
  return found.size === 1 ? [...found][0] : undefined;
}
