#!/bin/sh
# Brings one component of systemd-sysupdate up to date, and makes its newest image the active one.
#
#   sysext-update COMPONENT
#
# sysext-update@COMPONENT.service runs it. An image becomes active, by the link in /etc/extensions,
# only after it was looked into: one that cannot be merged would take every extension of the host
# with it. When it cannot be activated after all, the link goes back to the image before. Killed or
# cut off at any point, it leaves the link at one or the other; the next run goes on.
#
# Environment, from /etc/sysext-update/COMPONENT.env:
#   APPLY             restart (merge at once, restart the units that run) or reboot (ask for one)
#   SETUP             unit that makes users and directories of the image, if it has any
#   UNITS             units of the image
#   LOCK              command that runs another while it holds a lock of the cluster
#   LOCK_ENVIRONMENT  environment file that LOCK needs; without it there is no cluster
#
# Exit status: 0 when the newest image is active or nothing is to be done, 1 otherwise.
set -eu

component=$1
runtime=${RUNTIME_DIRECTORY:?is set by the unit}
state=${STATE_DIRECTORY:?is set by the unit}
APPLY=${APPLY:-restart} SETUP=${SETUP:-} UNITS=${UNITS:-} LOCK=${LOCK:-} LOCK_ENVIRONMENT=${LOCK_ENVIRONMENT:-}
transfer=/etc/sysupdate.$component.d/$component.conf

say() { echo "$*"; }

# The last value of a key in a transfer.
setting() { sed -n "s/^$1=//p" "$transfer" | tail -n 1; }

case $(uname -m) in
  x86_64) arch=x86-64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac
directory=$(setting Path)
link=$(setting CurrentSymlink)
pattern=$(setting MatchPattern)
name=${link##*/} name=${name%.raw}
prefix=${pattern%%@v*}
suffix=$(echo "${pattern#*@v}" | sed "s/%a/$arch/")

# Keeps a line for the next run, whole also after a power loss.
remember() {
  echo "$2" >"$state/.$1"
  sync "$state/.$1"
  mv -f "$state/.$1" "$state/$1"
}

version_of() {
  version=${1##*/}
  version=${version#"$prefix"}
  echo "${version%"$suffix"}"
}

newer() { systemd-analyze compare-versions "$(version_of "$1")" gt "$(version_of "$2")" >/dev/null; }

# The file the link leads to, or nothing.
active() { [ ! -e "$link" ] || readlink -f "$link"; }

# The newest image that is installed, or nothing.
newest() {
  best=
  for file in "$directory/$prefix"*"$suffix"; do
    if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
    if [ -z "$best" ] || newer "$file" "$best"; then best=$file; fi
  done
  echo "$best"
}

# Downloads what is new. The transfer is the operator's but for two things: the link is not
# systemd-sysupdate's to move before the image was looked into, and the active image is kept however
# many newer ones there are.
download() {
  rm -rf "$runtime/definitions"
  mkdir -p "$runtime/definitions"
  current=$(active)
  {
    sed '/^CurrentSymlink=/d' "$transfer"
    case ${current##*/} in
      "$prefix"*"$suffix") printf '\n[Transfer]\nProtectVersion=%s\n' "$(version_of "$current")" ;;
    esac
  } >"$runtime/definitions/$component.conf"
  # systemd 257 and later read this name, older ones the other.
  cp "$runtime/definitions/$component.conf" "$runtime/definitions/$component.transfer"
  # 260.1 takes a download that was cut off for an update that is there, until it is cleared away.
  /usr/lib/systemd/systemd-sysupdate --definitions="$runtime/definitions" vacuum &&
    /usr/lib/systemd/systemd-sysupdate --definitions="$runtime/definitions" update
}

# A field of an os-release file.
field() { sed -n "s/^$2=//p" "$1" | tail -n 1 | tr -d "\"'"; }

# What keeps the image that is mounted at $1 from being merged, or nothing (systemd-sysext(8)).
obstacle() {
  release=$1/usr/lib/extension-release.d/extension-release.$name
  if [ -e "$1/usr/lib/os-release" ]; then
    echo 'it contains usr/lib/os-release'
    return
  fi
  if [ ! -f "$release" ] || [ -L "$release" ]; then
    echo "it has no usr/lib/extension-release.d/extension-release.$name"
    return
  fi
  id=$(field "$release" ID) level=$(field "$release" SYSEXT_LEVEL) version_id=$(field "$release" VERSION_ID)
  architecture=$(field "$release" ARCHITECTURE) scope=$(field "$release" SYSEXT_SCOPE)
  host_id=$(field /usr/lib/os-release ID) host_level=$(field /usr/lib/os-release SYSEXT_LEVEL)
  host_version_id=$(field /usr/lib/os-release VERSION_ID)
  case ${architecture:-_any} in
    _any | "$arch") ;;
    *) echo "it is for $architecture" && return ;;
  esac
  case " ${scope:-system} " in
    *' system '*) ;;
    *) echo "its scope is $scope" && return ;;
  esac
  [ "$id" != _any ] || return 0
  if [ "$id" != "$host_id" ]; then
    echo "it is for the system \"$id\""
  elif [ -n "$level" ] && [ -n "$host_level" ]; then
    [ "$level" = "$host_level" ] || echo "its SYSEXT_LEVEL is $level, and the host's $host_level"
  elif [ "$version_id" != "$host_version_id" ]; then
    echo "it is for version $version_id, and the host has $host_version_id"
  fi
}

# Looks into an image; keeps its release file to tell later whether it is merged.
look_into() {
  mkdir -p "$runtime/root"
  mount -o ro,loop,nodev,nosuid,noexec "$1" "$runtime/root" || {
    refusal='it cannot be mounted'
    return 1
  }
  refusal=$(obstacle "$runtime/root")
  [ -n "$refusal" ] || cp "$runtime/root/usr/lib/extension-release.d/extension-release.$name" "$runtime/release"
  umount "$runtime/root"
  [ -z "$refusal" ]
}

# Points the link at an image, or removes it.
point() {
  if [ -z "$1" ]; then
    rm -f "$link"
  else
    ln -sfn "$1" "$link.new"
    mv -fT "$link.new" "$link"
  fi
  sync "${link%/*}"
}

running_units() {
  for unit in $UNITS; do
    if systemctl --quiet is-active "$unit"; then echo "$unit"; fi
  done
}

# What is to be started anew with a new image, in this order: it may need users and directories that the last did not.
affected_units() {
  if [ -n "$SETUP" ] && systemctl --quiet is-active "$SETUP"; then echo "$SETUP"; fi
  running_units
}

merge() { systemctl restart systemd-sysext.service; }

is_merged() { cmp -s "$runtime/release" "/usr/lib/extension-release.d/extension-release.$name"; }

# Restarts the units that ran; false when one of them does not come up again. An image may need no setup any more.
restart() {
  for unit in $1; do
    if [ "$unit" = "$SETUP" ] && ! systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
    say "restarting $unit"
    timeout 300 systemctl restart "$unit" || return 1
    systemctl --quiet is-active "$unit" || return 1
  done
}

# Makes an image the active one on the running host.
activate() {
  image=$1
  before=$(active)
  running=$(affected_units)
  point "$image"
  if ! merge; then
    reason='systemd-sysext does not merge it'
  elif ! is_merged; then
    reason='systemd-sysext leaves it out'
  elif ! restart "$running"; then
    reason='its units do not start'
  else
    return 0
  fi
  say "going back to ${before:-no image}: $reason"
  remember refused "$reason"
  point "$before"
  merge
  # What failed too often would not be started again.
  for unit in $running; do systemctl reset-failed "$unit" || true; done
  restart "$running"
  return 1
}

# Activates an image while no other host of the cluster does.
activate_in_turn() {
  if [ -z "$LOCK" ] || [ ! -r "$LOCK_ENVIRONMENT" ] || [ -z "$(running_units)" ]; then
    activate "$1"
    return
  fi
  say "waiting for the turn of this host: $LOCK"
  set -a
  # shellcheck source=/dev/null
  . "$LOCK_ENVIRONMENT"
  set +a
  export APPLY SETUP UNITS RUNTIME_DIRECTORY STATE_DIRECTORY
  # The words of LOCK are separate arguments.
  # shellcheck disable=SC2086
  $LOCK "$0" "$component" activate "$1"
}

if [ "${2:-}" = activate ]; then
  activate "$3"
  exit
fi

# One update at a time on a host: each merges all extensions anew.
exec 9>/run/sysext-update.lock
flock 9

failed=0
download || failed=1

candidate=$(newest)
decided=$(cat "$state/decided" 2>/dev/null || true)
current=$(active)
if [ -z "$candidate" ]; then
  say 'no image is installed'
  exit "$failed"
fi
actual=$(readlink -f "$candidate")
if [ "$candidate" = "$decided" ] && [ -e "$state/refused" ]; then
  say "$candidate was refused: $(cat "$state/refused")"
  exit 1
fi
# After a roll back by hand, what is older than the newest stays active until there is something newer.
if [ "$actual" != "$current" ] && [ -n "$decided" ] && ! newer "$candidate" "$decided" &&
  { [ -n "$current" ] || [ ! -L "$link" ]; }; then
  say "${current:-no image} is active, nothing to do"
  exit "$failed"
fi
# Somebody else, or a run that was cut off, may have moved the link and merged nothing.
if [ "$actual" = "$current" ] && { [ "$APPLY" = reboot ] || ! look_into "$candidate" || is_merged; }; then
  remember decided "$candidate"
  say "$current is active, nothing to do"
  exit "$failed"
fi

say "making $candidate the active image in place of ${current:-none}"
rm -f "$state/refused"
if ! look_into "$candidate"; then
  say "$candidate is refused: $refusal"
  remember refused "$refusal"
  remember decided "$candidate"
  exit 1
fi
case $APPLY in
  restart)
    activate_in_turn "$candidate" || {
      # Without a reason it was the lock that failed, and the next run tries again.
      [ ! -e "$state/refused" ] || remember decided "$candidate"
      exit 1
    }
    ;;
  reboot)
    point "$candidate"
    : >/run/reboot-required
    say 'a reboot will make it active'
    ;;
  *)
    say "APPLY is \"$APPLY\", neither restart nor reboot"
    exit 1
    ;;
esac
remember decided "$candidate"
exit "$failed"
