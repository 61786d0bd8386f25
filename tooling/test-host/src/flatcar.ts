/** What a root file system is made of: everything its cache key has to depend on. */
export interface Dressing {
  /** Debian packages on top of the essential ones. */
  readonly packages: readonly string[];
  /** Paths dpkg leaves out, as shell patterns. */
  readonly exclude: readonly string[];
  /** Glob patterns below the root of what a Flatcar host does not have, or a container cannot run. */
  readonly remove: readonly string[];
  /** Users and groups that Flatcar's image defines; the group has the user's number. */
  readonly users: readonly {
    readonly name: string;
    readonly id: number;
    readonly home: string;
    readonly shell: string;
  }[];
  readonly files: Readonly<Record<string, string>>;
  readonly directories: readonly string[];
  /** Path of a symbolic link to its target. */
  readonly links: Readonly<Record<string, string>>;
}

/** Debian suites a host can be made of; each stands for the Flatcar release it is dressed as. */
export type Release = keyof typeof flatcarVersions;

const flatcarVersions = {
  /** systemd 257, as in Flatcar stable of mid-2026. */
  trixie: '4593.2.5',
  /** systemd 262, newer than any Flatcar's; dressed as an alpha that merges in the initrd. */
  forky: '4790.0.0',
} as const;

const boards: Readonly<Record<string, string>> = { x64: 'amd64-usr', arm64: 'arm64-usr' };

/** How `release` is dressed on this machine's architecture. */
export function dressing(release: Release): Dressing {
  const version = flatcarVersions[release];
  return {
    packages: [
      'ca-certificates',
      'curl',
      'dbus',
      'gnupg',
      'iproute2',
      'iptables',
      'iputils-ping',
      'kmod',
      'libnss-myhostname',
      'libnss-systemd',
      'mount',
      'netbase',
      'openssl',
      'passwd',
      'procps',
      'systemd',
      'systemd-container',
      'systemd-sysv',
      'udev',
    ],
    exclude: ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/man/*'],
    remove: [
      // Flatcar has no package manager and no Perl; a program in an image that needs one shall fail here too.
      'usr/bin/{apt,dpkg,debconf,deb-,perl,adduser,deluser,addgroup,delgroup}*',
      'usr/lib/{apt,dpkg}',
      'usr/lib/*/perl*',
      'usr/share/{perl5,debconf,dpkg}',
      'etc/{apt,dpkg,alternatives,perl}',
      'var/lib/{apt,dpkg}',
      'var/cache/*',
      'var/log/*',
      'var/backups/*',
      // Identity and name resolution of the machine it was built on.
      'etc/{machine-id,hostname,hosts,resolv.conf}',
      'var/lib/dbus/machine-id',
      // No consoles, no hardware, no boot loader, no first-boot prompts.
      'usr/lib/systemd/system-generators/systemd-{bless-boot,getty,gpt-auto,hibernate-resume,rc-local,ssh,sysv,tpm2}-generator',
      '{usr/lib,etc}/systemd/system/**/{apt-daily,dpkg-db-backup,getty-static,getty@,fstrim,kmod-static-nodes,machines.target}*',
      '{usr/lib,etc}/systemd/system/**/{dev-hugepages,proc-sys-fs,sys-fs-fuse,sys-kernel,var-lib-machines}*',
      '{usr/lib,etc}/systemd/system/**/systemd-{ask-password,binfmt,firstboot,hibernate,hwdb-update,importd,initctl}*',
      '{usr/lib,etc}/systemd/system/**/systemd-{mountfsd,nsresourced,pcr,pstore,random-seed,tpm2,udev}*',
      'etc/systemd/user/*',
      // Debian's presets enable everything; a first boot applies them.
      'usr/lib/systemd/system-preset/*',
    ],
    // flatcar/baselayout, baselayout/passwd.
    users: [
      { name: 'etcd', id: 232, home: '/dev/null', shell: '/sbin/nologin' },
      { name: 'docker', id: 233, home: '/dev/null', shell: '/sbin/nologin' },
      { name: 'core', id: 500, home: '/home/core', shell: '/bin/bash' },
    ],
    files: {
      'usr/lib/os-release': osRelease(version),
      'usr/lib/tmpfiles.d/test-host-devices.conf': deviceNodes(),
      'usr/lib/systemd/system/ensure-sysext.service': ensureSysext,
      'usr/lib/systemd/system-preset/99-default.preset': 'disable *\n',
      'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
    },
    directories: ['opt/extensions', 'etc/extensions', 'var/log/journal', 'usr/lib64'],
    links: {
      // flatcar/baselayout, Makefile: what an image may replace by a directory by mistake.
      'usr/lib64/systemd': '../lib/systemd',
      'usr/lib64/modprobe.d': '../lib/modprobe.d',
      'usr/lib64/sysctl.d': '../lib/sysctl.d',
      'usr/lib64/udev': '../lib/udev',
      'usr/lib/systemd/system/default.target': 'multi-user.target',
      'usr/lib/systemd/system/sysinit.target.wants/systemd-sysext.service': '../systemd-sysext.service',
      'usr/lib/systemd/system/sysinit.target.wants/ensure-sysext.service': '../ensure-sysext.service',
    },
  };
}

/** flatcar/scripts, build_library/set_lsb_release. */
function osRelease(version: string): string {
  return [
    'NAME="Flatcar Container Linux by Kinvolk"',
    'ID=flatcar',
    'ID_LIKE=coreos',
    `VERSION=${version}`,
    `VERSION_ID=${version}`,
    `PRETTY_NAME="Flatcar Container Linux by Kinvolk ${version} (test host)"`,
    'SYSEXT_LEVEL="1.0"',
    `FLATCAR_BOARD="${boards[process.arch] ?? process.arch}"`,
    '',
  ].join('\n');
}

/**
 * Device nodes, as tmpfiles.d(5). The kernel hands out loop devices by index to all hosts and
 * to the machine outside together, and systemd removes an index when it detaches it: the nodes
 * outside come and go, so hosts have their own, for more indices than are ever in use at once.
 */
function deviceNodes(): string {
  const loops = Array.from({ length: 256 }, (_, index) => `b /dev/loop${index} 0660 root disk - 7:${index}`);
  return [
    'c /dev/loop-control 0660 root disk - 10:237',
    'c /dev/fuse 0666 root root - 10:229',
    'd /dev/net 0755 root root -',
    'c /dev/net/tun 0666 root root - 10:200',
    ...loops,
    '',
  ].join('\n');
}

/**
 * Flatcar up to 4593 merges in the running system, after PID 1 has read its units, and makes
 * up for that with a unit of this name (flatcar/init; gone since 4628, which merges in the
 * initrd). Without it, a unit that an image only links into `multi-user.target.wants` would
 * not start at boot here, though it does on every Flatcar release.
 */
const ensureSysext = `[Unit]
Description=Start what merged system extensions link into targets
DefaultDependencies=no
BindsTo=systemd-sysext.service
After=systemd-sysext.service
ConditionDirectoryNotEmpty=|/etc/extensions
ConditionDirectoryNotEmpty=|/run/extensions
ConditionDirectoryNotEmpty=|/var/lib/extensions

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=systemctl daemon-reload
ExecStart=systemctl restart --no-block sockets.target timers.target multi-user.target
`;
