/**
 * Programs in the /usr of a Flatcar host, by Gentoo package.
 *
 * Sources: the package list of flatcar/scripts (`coreos-base/coreos` at lts-4081.3.9 and
 * stable-4593.2.5) and what each upstream installs. Drawn up without an image at hand, so a
 * program may be missing here.
 *
 * LTS 4081 keeps `/usr/sbin` as a directory of its own, later releases make it a link to `bin`:
 * `admin` programs are in `/usr/sbin` there and in `/usr/bin` later. `some` are on some
 * channels only.
 */
const packages: Readonly<Record<string, { readonly bin?: string; readonly admin?: string; readonly some?: string }>> = {
  'app-admin/locksmith': { bin: 'locksmithctl' },
  'app-admin/mayday': { bin: 'mayday' },
  'app-admin/sudo': { bin: 'sudo sudoedit sudoreplay cvtsudoers', admin: 'visudo' },
  'app-admin/toolbox': { bin: 'toolbox' },
  'app-arch/bzip2': { bin: 'bzip2 bunzip2 bzcat bzip2recover bzdiff bzcmp bzgrep bzegrep bzfgrep bzless bzmore' },
  'app-arch/gzip': { bin: 'gzip gunzip gzexe zcat zcmp zdiff zegrep zfgrep zforce zgrep zless zmore znew' },
  'app-arch/lbzip2': { bin: 'lbzip2 lbunzip2 lbzcat' },
  'app-arch/lz4': { bin: 'lz4 lz4c lz4cat unlz4' },
  'app-arch/pigz': { bin: 'pigz unpigz' },
  'app-arch/tar': { bin: 'tar' },
  'app-arch/unzip': { bin: 'unzip unzipsfx funzip zipinfo zipgrep' },
  'app-arch/xz-utils': { bin: 'xz unxz xzcat xzcmp xzdiff xzgrep xzegrep xzfgrep xzless xzmore lzmainfo' },
  'app-arch/zip': { bin: 'zip zipcloak zipnote zipsplit' },
  'app-arch/zstd': { bin: 'zstd zstdmt unzstd zstdcat zstdgrep zstdless' },
  'app-containers/cri-tools': { bin: 'crictl' },
  'app-crypt/gnupg': { bin: 'gpg gpg-agent gpg-connect-agent gpgconf gpgsm gpgv dirmngr' },
  'app-editors/vim': { bin: 'vim vi vimdiff' },
  'app-misc/jq': { bin: 'jq' },
  'app-shells/bash': { bin: 'bash sh rbash' },
  'coreos-base/coreos-init': { bin: 'flatcar-install flatcar-reset flatcar-update coreos-install' },
  'coreos-base/coreos-cloudinit': { bin: 'coreos-cloudinit' },
  'coreos-base/update-ssh-keys': { bin: 'update-ssh-keys' },
  'coreos-base/update_engine': { bin: 'update_engine_client' },
  'dev-db/etcd': { bin: 'etcdctl', some: 'etcdutl' },
  'dev-debug/strace': { bin: 'strace' },
  'dev-libs/openssl': { bin: 'openssl c_rehash' },
  'dev-util/bpftool': { bin: 'bpftool' },
  'dev-util/bsdiff': { bin: 'bsdiff bspatch' },
  'dev-vcs/git': { bin: 'git git-receive-pack git-upload-archive git-upload-pack' },
  'net-analyzer/openbsd-netcat': { bin: 'nc' },
  'net-analyzer/tcpdump': { bin: 'tcpdump' },
  'net-analyzer/traceroute': { bin: 'traceroute' },
  'net-dns/bind': { bin: 'dig host nslookup nsupdate' },
  'net-firewall/conntrack-tools': { admin: 'conntrack conntrackd nfct' },
  'net-firewall/ebtables': { admin: 'ebtables' },
  'net-firewall/ipset': { admin: 'ipset' },
  'net-firewall/iptables': {
    bin: 'iptables-xml',
    admin: `iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore iptables-legacy
      iptables-nft iptables-apply xtables-legacy-multi xtables-nft-multi`,
  },
  'net-firewall/nftables': { admin: 'nft' },
  'net-fs/cifs-utils': { admin: 'mount.cifs' },
  'net-fs/nfs-utils': { admin: 'mount.nfs mount.nfs4 umount.nfs umount.nfs4 showmount exportfs rpc.statd nfsstat' },
  'net-misc/bridge-utils': { admin: 'brctl' },
  'net-misc/curl': { bin: 'curl' },
  'net-misc/iputils': { bin: 'ping tracepath', admin: 'arping' },
  'net-misc/ntp': { admin: 'ntpd ntpdate ntpq' },
  'net-misc/openssh': { bin: 'ssh scp sftp ssh-add ssh-agent ssh-keygen ssh-keyscan', admin: 'sshd' },
  'net-misc/rsync': { bin: 'rsync' },
  'net-misc/socat': { bin: 'socat' },
  'net-misc/wget': { bin: 'wget' },
  'net-misc/whois': { bin: 'whois mkpasswd' },
  'net-vpn/wireguard-tools': { bin: 'wg wg-quick' },
  'sys-apps/acl': { bin: 'getfacl setfacl chacl' },
  'sys-apps/attr': { bin: 'attr getfattr setfattr' },
  'sys-apps/coreutils': {
    bin: `[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd
      df dir dircolors dirname du echo env expand expr factor false fmt fold head id install join link ln logname ls
      md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd
      readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split
      stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink
      users vdir wc who whoami yes`,
  },
  'sys-apps/dbus': { bin: 'dbus-daemon dbus-send dbus-monitor dbus-uuidgen dbus-launch' },
  'sys-apps/diffutils': { bin: 'cmp diff diff3 sdiff' },
  'sys-apps/ethtool': { admin: 'ethtool' },
  'sys-apps/findutils': { bin: 'find xargs' },
  'sys-apps/gawk': { bin: 'awk gawk' },
  'sys-apps/grep': { bin: 'grep egrep fgrep' },
  'sys-apps/gptfdisk': { admin: 'sgdisk gdisk cgdisk' },
  'sys-apps/iproute2': { bin: 'ip', admin: 'bridge devlink dcb genl lnstat nstat rtmon ss tc tipc vdpa' },
  'sys-apps/kexec-tools': { admin: 'kexec' },
  'sys-apps/keyutils': { bin: 'keyctl' },
  'sys-apps/kmod': { bin: 'kmod lsmod modinfo', admin: 'modprobe depmod insmod rmmod' },
  'sys-apps/less': { bin: 'less' },
  'sys-apps/net-tools': { bin: 'netstat hostname', admin: 'arp ifconfig route' },
  'sys-apps/nvme-cli': { admin: 'nvme' },
  'sys-apps/pciutils': { admin: 'lspci setpci' },
  'sys-apps/sed': { bin: 'sed' },
  'sys-apps/shadow': {
    bin: 'chage chfn chsh expiry gpasswd newgrp passwd sg su login newuidmap newgidmap',
    admin: 'chpasswd groupadd groupdel groupmod nologin useradd userdel usermod vipw vigr pwck grpck',
  },
  'sys-apps/systemd': {
    bin: `systemctl journalctl loginctl networkctl resolvectl timedatectl hostnamectl localectl busctl portablectl machinectl
      coredumpctl bootctl systemd-analyze systemd-ask-password systemd-cat systemd-cgls systemd-cgtop systemd-creds
      systemd-delta systemd-detect-virt systemd-dissect systemd-escape systemd-firstboot systemd-id128 systemd-inhibit
      systemd-machine-id-setup systemd-mount systemd-notify systemd-nspawn systemd-path systemd-run
      systemd-socket-activate systemd-stdio-bridge systemd-sysext systemd-sysusers systemd-tmpfiles
      systemd-tty-ask-password-agent systemd-umount udevadm`,
    admin: 'halt init poweroff reboot shutdown',
  },
  'sys-apps/usbutils': { bin: 'lsusb' },
  'sys-apps/util-linux': {
    bin: `chrt dmesg fallocate findmnt flock getopt hardlink ionice ipcmk ipcrm ipcs last lsblk lscpu lsipc lslocks lslogins
      lsmem lsns lsfd mcookie mesg more mount mountpoint namei nsenter prlimit rename rev script setarch setpriv setsid
      setterm taskset uclampset umount unshare utmpdump uuidgen wall whereis choom fincore linux32 linux64`,
    admin: `agetty blkdiscard blkid blkzone blockdev cfdisk chcpu ctrlaltdel fdisk findfs fsck fsfreeze fstrim hwclock
      losetup mkfs mkswap pivot_root rtcwake runuser sfdisk sulogin swaplabel swapoff swapon switch_root wipefs zramctl`,
  },
  'sys-apps/which': { bin: 'which' },
  'sys-block/open-iscsi': { admin: 'iscsiadm iscsid' },
  'sys-block/parted': { admin: 'parted partprobe' },
  'sys-boot/efibootmgr': { admin: 'efibootmgr' },
  'sys-cluster/ipvsadm': { admin: 'ipvsadm ipvsadm-save ipvsadm-restore' },
  'sys-devel/gettext': { bin: 'envsubst gettext' },
  'sys-fs/btrfs-progs': { admin: 'btrfs mkfs.btrfs btrfsck' },
  'sys-fs/cryptsetup': { admin: 'cryptsetup veritysetup integritysetup' },
  'sys-fs/dosfstools': { admin: 'mkfs.fat mkfs.vfat fsck.fat fsck.vfat fatlabel' },
  'sys-fs/e2fsprogs': {
    bin: 'chattr lsattr',
    admin: 'mke2fs mkfs.ext2 mkfs.ext3 mkfs.ext4 e2fsck fsck.ext4 resize2fs tune2fs dumpe2fs e2label',
  },
  'sys-fs/lvm2': { admin: 'dmsetup lvm lvs pvs vgs lvcreate pvcreate vgcreate lvremove vgchange lvchange' },
  'sys-fs/mdadm': { admin: 'mdadm' },
  'sys-fs/multipath-tools': { admin: 'multipath multipathd' },
  'sys-fs/quota': { admin: 'quotaon quotaoff quotacheck repquota setquota' },
  'sys-fs/xfsprogs': { admin: 'mkfs.xfs xfs_repair xfs_growfs xfs_admin xfs_info' },
  'sys-libs/glibc': { bin: 'getconf getent ldd locale iconv', admin: 'ldconfig' },
  'sys-power/acpid': { admin: 'acpid' },
  'sys-process/lsof': { bin: 'lsof' },
  'sys-process/procps': {
    bin: 'free kill pgrep pidof pidwait pkill pmap ps pwdx slabtop tload top uptime vmstat w watch',
    admin: 'sysctl',
  },
};

function programs(kind: 'bin' | 'admin' | 'some'): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(packages).flatMap(([from, lists]) =>
      (lists[kind]?.split(/\s+/) ?? []).map((program) => [program, from] as const),
    ),
  );
}

/** Program → the Gentoo package it comes from, for programs in `/usr/bin` of every release. */
export const hostPrograms = programs('bin');

/** The same for programs in `/usr/sbin` of LTS 4081 and in `/usr/bin` of later releases. */
export const hostAdminPrograms = programs('admin');

/** The same for programs that some channels have: nothing may rely on them, nor replace them. */
export const someHostPrograms = programs('some');
