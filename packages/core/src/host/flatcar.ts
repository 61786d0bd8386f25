import type { Arch } from '../arch.ts';

/** A release line of Flatcar that images are made for. */
export interface OsTarget {
  readonly channel: 'lts' | 'stable' | 'beta' | 'alpha';
  /** First part of its VERSION_ID. */
  readonly major: number;
  readonly glibc: string;
}

/**
 * Oldest first. Source: `sys-libs/glibc` in flatcar/scripts at lts-4081.3.9, stable-4593.2.5,
 * beta-4757.1.0 and alpha-4790.0.0.
 */
export const osTargets: readonly [OsTarget, ...OsTarget[]] = [
  { channel: 'lts', major: 4081, glibc: '2.38' },
  { channel: 'stable', major: 4593, glibc: '2.41' },
  { channel: 'beta', major: 4757, glibc: '2.42' },
  { channel: 'alpha', major: 4790, glibc: '2.43' },
];

/** First major release whose kernel has erofs. Source: the kernel configuration in flatcar/scripts. */
export const firstMajorWithErofs = 4277;

/** The release with this VERSION_ID, or the newest one before it; the oldest when there is none. */
export function osTargetOf(versionId: string | undefined): OsTarget {
  const major = Number.parseInt(versionId ?? '', 10);
  return osTargets.findLast((target) => target.major <= major) ?? osTargets[0];
}

/** What Flatcar's os-release says (flatcar/scripts, `set_lsb_release`). */
export const osRelease = { id: 'flatcar', sysextLevel: '1.0' } as const;

/**
 * Links in the host's /usr, with their targets. A directory of an image at such a path replaces
 * the link: what the host has behind it is gone while the image is merged.
 *
 * Sources: the baselayout ebuild and `coreos-base/misc-files` in flatcar/scripts.
 */
export const hostLinks: ReadonlyMap<string, string> = new Map([
  ...['systemd', 'kernel', 'modprobe.d', 'pam', 'pam.d', 'sysctl.d', 'udev'].map(
    (name) => [`usr/lib64/${name}`, `../lib/${name}`] as const,
  ),
  ['usr/lib/pam.d', 'pam'],
  ['usr/share/pam.d', '../lib/pam'],
  ['usr/share/oem', '../../oem'],
  ['usr/tmp', '/var/tmp'],
  ['usr/libexec/kubernetes/kubelet-plugins/volume/exec', '/var/kubernetes/kubelet-plugins/volume/exec'],
]);

/**
 * Directories that are links to `bin` since 4116, and real directories on LTS 4081: an image must
 * have neither at such a path.
 */
export const movingDirectories = ['usr/sbin', 'usr/local/sbin'] as const;

/** Links at the root of a host. */
export const rootLinks: ReadonlyMap<string, string> = new Map(
  ['bin', 'sbin', 'lib', 'lib64'].map((name) => [name, `usr/${name}`]),
);

/**
 * Directories every host has. A link of an image at such a path hides all of it, and the mode and
 * owner that an image gives it become those of the host's.
 */
export const hostDirectories: ReadonlySet<string> = new Set([
  'usr', 'usr/bin', 'usr/lib', 'usr/lib64', 'usr/libexec', 'usr/share', 'usr/local', 'usr/local/bin', 'usr/local/lib',
  'usr/local/lib64', 'usr/share/flatcar', 'usr/share/ca-certificates', 'usr/share/dbus-1', 'usr/share/zoneinfo',
  'usr/share/polkit-1',
  ...['binfmt.d', 'environment.d', 'firmware', 'flatcar', 'kernel', 'locale', 'modprobe.d', 'modules', 'modules-load.d',
    'pam', 'selinux', 'sysctl.d', 'systemd', 'systemd/network', 'systemd/system', 'systemd/system-generators',
    'systemd/system-preset', 'sysusers.d', 'tmpfiles.d', 'udev', 'udev/rules.d'].map((name) => `usr/lib/${name}`),
]); // prettier-ignore

/** Where a dynamic loader of the host looks without `ld.so.cache` or a search path (ld.so(8)). */
export const loaderDirectories = ['usr/lib64'] as const;

/** Paths of the host's own loader; PT_INTERP of programs for glibc. */
export const hostLoaders: Readonly<Record<Arch, string>> = {
  'x86-64': '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};

/**
 * Libraries an image may rely on, with what brings them: those of glibc itself, and those of GCC that every program in C++
 * needs, and libcap. What else is in /usr/lib64 differs between channels and changes without notice.
 *
 * Source: `extract_prod_gcc` in flatcar/scripts, which puts GCC's libraries into /usr/lib64 of every image.
 */
export const hostLibraries: ReadonlyMap<string, string> = new Map([
  ...[
    'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1', 'libc.so.6', 'libm.so.6', 'libmvec.so.1', 'libpthread.so.0', 'libdl.so.2',
    'librt.so.1', 'libresolv.so.2', 'libutil.so.1', 'libanl.so.1', 'libBrokenLocale.so.1', 'libthread_db.so.1',
    'libnss_compat.so.2', 'libnss_db.so.2', 'libnss_dns.so.2', 'libnss_files.so.2',
  ].map((name) => [name, 'sys-libs/glibc'] as const),
  ['libstdc++.so.6', 'sys-devel/gcc'],
  ['libgcc_s.so.1', 'sys-devel/gcc'],
  // Under this name since 2008; systemd, iproute2 and sudo of every release are linked to it.
  ['libcap.so.2', 'sys-libs/libcap'],
]); // prettier-ignore

/**
 * The newest symbol versions of GCC's libraries that every host has: those of GCC 13.2, which Flatcar has been built with
 * since before 4081 (its change logs; libstdc++'s `gnu.ver`, libgcc's `libgcc-std.ver`).
 */
export const hostGccSymbols: Readonly<Record<string, string>> = { GLIBCXX: '3.4.32', CXXABI: '1.3.14', GCC: '13.0.0' };

/** Symbol versions of glibc that are no release numbers, with the release that brought them. */
export const glibcMarkers: Readonly<Record<string, string>> = { GLIBC_ABI_DT_RELR: '2.36' };

/** chrony as its ebuild installs it; `/usr/sbin` is a link to `bin` from 4116 on. */
const chrony = new Set([
  'usr/bin/chronyc',
  'usr/bin/chronyd',
  'usr/lib/systemd/system/chronyd.service',
  'usr/lib/systemd/system/chrony-wait.service',
]);

/**
 * Images that Flatcar brings itself, with the programs and units in them: they lie over the same
 * /usr, and which copy wins is decided by the order of the names. Those of Azure and STACKIT, of which only
 * what is known for certain is here, are merged on hosts there.
 *
 * Sources: `sysext_mangle_docker-flatcar` and `sysext_mangle_containerd-flatcar` in flatcar/scripts,
 * and the ebuilds of docker, docker-cli, docker-buildx, containerd, runc, oem-azure, oem-stackit and chrony there.
 */
export const flatcarExtensions: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'containerd-flatcar',
    new Set([
      ...['containerd', 'containerd-shim', 'containerd-shim-runc-v1', 'containerd-shim-runc-v2', 'ctr', 'runc'].map(
        (name) => `usr/bin/${name}`,
      ),
      'usr/lib/systemd/system/containerd.service',
      'usr/share/containerd/config.toml',
      'usr/share/containerd/config-cgroupfs.toml',
    ]),
  ],
  [
    'docker-flatcar',
    new Set([
      ...['', 'd', '-proxy', '-init', '-containerd', '-containerd-shim', '-runc'].map(
        (suffix) => `usr/bin/docker${suffix}`,
      ),
      'usr/bin/tini',
      'usr/lib/flatcar/dockerd',
      'usr/lib/systemd/system/docker.service',
      'usr/lib/systemd/system/docker.socket',
      'usr/libexec/docker/cli-plugins/docker-buildx',
    ]),
  ],
  ['oem-azure', chrony],
  ['oem-stackit', chrony],
]);

/** Units of the host that an image must not replace, and that its own units may refer to. */
export const hostUnits: ReadonlySet<string> = new Set([
  'basic.target', 'cryptsetup.target', 'default.target', 'graphical.target', 'local-fs.target', 'multi-user.target',
  'network.target', 'network-online.target', 'network-pre.target', 'nss-lookup.target', 'paths.target', 'remote-fs.target',
  'rescue.target', 'shutdown.target', 'slices.target', 'sockets.target', 'swap.target', 'sysinit.target',
  'system-config.target', 'time-sync.target', 'timers.target', 'user-config.target',
  'coreos-metadata.service', 'dbus.service', 'dbus.socket', 'ensure-sysext.service', 'etcd-member.service',
  'flanneld.service', 'iptables-restore.service', 'iptables-store.service', 'locksmithd.service', 'ntpd.service',
  'sshd.service', 'sshd.socket', 'sshd@.service', 'update-ca-certificates.service', 'update-engine.service',
  'systemd-journald.service', 'systemd-journald.socket', 'systemd-logind.service', 'systemd-networkd.service',
  'systemd-networkd-wait-online.service', 'systemd-resolved.service', 'systemd-sysctl.service', 'systemd-sysext.service',
  'systemd-sysupdate.service', 'systemd-sysupdate.timer', 'systemd-sysusers.service', 'systemd-timesyncd.service',
  'systemd-tmpfiles-setup.service', 'systemd-udevd.service',
]); // prettier-ignore

/**
 * Accounts of every host: name → id. A unit may run as them, and an image must not give their ids
 * to somebody else; `undefined` where the id differs between releases.
 *
 * Sources: `passwd` and `group` of flatcar/baselayout, `acct-user` packages of flatcar/scripts.
 */
export const hostUsers: ReadonlyMap<string, number | undefined> = new Map(
  Object.entries({
    root: 0, bin: 1, daemon: 2, adm: 3, lp: 4, sync: 5, shutdown: 6, halt: 7, news: 9, uucp: 10, operator: 11, man: 13,
    netperf: 168, messagebus: undefined, syslog: 202, ntp: undefined, sshd: undefined, tcpdump: 215, dhcp: 224, etcd: 232,
    docker: 233, tlsdate: 234, polkitd: undefined, tss: undefined, 'systemd-journal-remote': undefined,
    'systemd-network': undefined, 'systemd-resolve': undefined, 'systemd-coredump': undefined, 'systemd-oom': undefined,
    'systemd-timesync': undefined, core: 500, nobody: 65534,
  }), // prettier-ignore
);

/** Like {@link hostUsers}, for groups. */
export const hostGroups: ReadonlyMap<string, number | undefined> = new Map([
  ...[...hostUsers].filter(([name]) => !['sync', 'shutdown', 'halt', 'operator'].includes(name)),
  ...Object.entries({
    adm: 4, lp: 7, news: 13, uucp: 14, man: 15, tss: 252,
    sys: 3, tty: 5, disk: 6, mem: 8, kmem: 9, wheel: 10, floppy: 11, console: 17, audio: 18, cdrom: 19, tape: 26, video: 27,
    input: undefined, lock: undefined, render: undefined, kvm: undefined, cdrw: 80, usb: 85, users: 100, sudo: 150,
    'systemd-journal': undefined, dialout: undefined, sgx: undefined, utmp: 406, nogroup: undefined,
  }), // prettier-ignore
]);
