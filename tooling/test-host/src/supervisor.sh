#!/bin/sh
# PID 1 of a host's outer namespaces (pid, mount, net, uts, ipc, cgroup). When it ends, for
# whatever reason, the kernel kills every process in them, unmounts everything and with that
# frees every loop device.
#
#   supervisor.sh DISK USR NAME
#
# Says "up" on standard output, waits for a line on standard input, boots the host, and ends
# with systemd-nspawn's exit status: 0 after a power off, 133 after a reboot (src/nspawn/nspawn.c,
# EXIT_FORCE_RESTART with --keep-unit). End of file on standard input is a power loss; it also
# comes when the process at the other end of the pipe dies.
set -eu
disk=$1 usr=$2 name=$3

mount -t proc proc /proc
# A view of this host's control groups alone, unified whatever the machine outside uses. On a
# new /sys, since the kernel refuses cgroup2 on top of cgroup2.
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# systemd-nspawn leaves directories and locks here.
mount -t tmpfs tmpfs /run
mkdir /run/root /run/nothing

mount --bind "$disk" /run/root
# An overlay without an upper layer cannot be remounted writable, as a bind mount could; one
# layer more than needed because older kernels insist on two.
mount -t overlay -o "ro,lowerdir=$usr:/run/nothing" usr /run/root/usr
ip link set lo up

echo up
read -r _

export SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
exec /bin/sh "${0%/*}/guard.sh" systemd-nspawn \
  --quiet --settings=no --register=no --keep-unit --boot --console=pipe \
  --directory=/run/root --machine="$name" --hostname="$name" \
  --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE \
  --resolv-conf=off --timezone=off --link-journal=no
