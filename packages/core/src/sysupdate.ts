import type { Series } from './series.ts';

/** Directory for images on a host. Never one that systemd-sysext searches: it would merge what is half there. */
export function imageDirectory(name: string): string {
  return `/opt/extensions/${name}`;
}

/** The link by which systemd-sysext finds an extension, and by whose name it knows it. */
export function imageLink(name: string): string {
  return `/etc/extensions/${name}.raw`;
}

/**
 * Component of systemd-sysupdate that an extension, or one of its series, is: `etcd`, `etcd-3.5`. Each
 * is one of its own, since all transfers of a component must offer one and the same version.
 */
export function componentOf(name: string, series?: Pick<Series, 'name'>): string {
  return series === undefined ? name : `${name}-${series.name}`;
}

export interface TransferOptions {
  /** Where the repository is served: `https://sysext.example/`. */
  readonly baseUrl: string;
  /** False for a repository that is published unsigned. */
  readonly verify: boolean;
  /** Follow these versions only. */
  readonly series?: Series | undefined;
}

/** Versions that a host keeps: the one in use, the one before, and the one that comes. */
const instances = 3;

/**
 * The transfer of an extension: sysupdate.d(5). The text is the same for `<component>.transfer`, which systemd 257 and
 * later read, and `<component>.conf`, which older ones do.
 *
 * The source may offer an image as it is or compressed with xz, which every version unpacks; the first pattern of
 * a source that fits counts.
 */
export function renderTransfer(name: string, { baseUrl, verify, series }: TransferOptions): string {
  const stem = `${name}-${series?.prefix ?? ''}@v-%a.raw`;
  const url = `${baseUrl.replace(/\/*$/, '')}/${name}/`.replaceAll('%', '%%');
  return `# Written by sysext: systemd-sysupdate -C ${componentOf(name, series)}
[Transfer]
Verify=${verify ? 'yes' : 'no'}

[Source]
Type=url-file
Path=${url}
MatchPattern=${stem}.xz ${stem}

[Target]
Type=regular-file
Path=${imageDirectory(name)}
MatchPattern=${stem}
Mode=0644
InstancesMax=${instances}
CurrentSymlink=${imageLink(name)}
`;
}
