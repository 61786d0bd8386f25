/**
 * Paths inside an image are written without a leading slash, in normal form:
 * `usr/bin/etcd`. Recipes write them as a person does, with the slash.
 */

/** Why `path` cannot be a path inside an image, or `undefined` when it can. */
export function imagePathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.startsWith('/')) return 'it begins with a slash';
  if (path.includes('\0')) return 'it contains a NUL byte';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it contains a control character';
  for (const part of path.split('/')) {
    if (part === '') return 'it contains an empty component';
    if (part === '.' || part === '..') return `it contains a ${JSON.stringify(part)} component`;
    if (Buffer.byteLength(part) > 255) return 'a component is longer than 255 bytes';
  }
  if (Buffer.byteLength(path) > 4095) return 'it is longer than 4095 bytes';
  return undefined;
}

/** All directories above `path`, outermost first: `usr`, `usr/bin` for `usr/bin/etcd`. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Last component of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Where the symlink at `path` points to, as a path inside the image, or `undefined` when the
 * target climbs above the root of the image. Absolute targets are taken from the root, as on
 * the host that merges the image.
 */
export function resolveLink(path: string, target: string): string | undefined {
  const stack = target.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') stack.push(part);
    else if (stack.pop() === undefined) return undefined;
  }
  return stack.join('/');
}
