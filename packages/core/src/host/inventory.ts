import { baseName } from '../image-path.ts';
import { hostDirectories, hostLibraries, hostLoaders, hostUnits } from './flatcar.ts';
import { hostAdminPrograms, hostPrograms, someHostPrograms } from './programs.ts';

/**
 * What puts the file at `path` on every Flatcar host, or `undefined` when it is not known to be
 * there. `path` has no leading slash and no link in it.
 */
export function hostFile(path: string): string | undefined {
  const name = baseName(path);
  const directory = path.slice(0, path.length - name.length - 1);
  switch (directory) {
    case 'usr/bin':
    case 'usr/sbin':
      return hostPrograms.get(name) ?? hostAdminPrograms.get(name);
    case 'usr/lib64':
      return hostLibraries.get(name);
    case 'usr/lib':
      return `/lib/${name}` === hostLoaders.arm64 ? 'sys-libs/glibc' : undefined;
    case 'usr/lib/systemd/system':
      return hostUnits.has(name) ? "the host's own units" : undefined;
    default:
      return undefined;
  }
}

/** Like {@link hostFile}, for files that only some hosts have. */
export function someHostFile(path: string): string | undefined {
  return path.startsWith('usr/bin/') ? someHostPrograms.get(path.slice('usr/bin/'.length)) : undefined;
}

/** True for files and directories that every Flatcar host is known to have. */
export function hostHas(path: string): boolean {
  return hostDirectories.has(path) || hostFile(path) !== undefined;
}
