/**
 * The texts that one with alternatives stands for, as in a shell: `etcd{ctl,utl}` is `etcdctl` and `etcdutl`; several
 * groups give every combination. Placeholders, such as `{arch}`, have no comma, and stay.
 */
export function expandBraces(text: string): string[] {
  const group = /\{([^{}]*,[^{}]*)\}/.exec(text);
  if (group === null) return [text];
  const before = text.slice(0, group.index);
  const rest = expandBraces(text.slice(group.index + group[0].length));
  return group[1]!.split(',').flatMap((choice) => rest.map((after) => before + choice + after));
}
