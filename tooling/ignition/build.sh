#!/bin/sh
# Builds Butane, ignition-validate and Ignition, at the versions that go.mod pins, into bin/.
# Does nothing when they are there already.
set -eu
cd "$(dirname "$0")"
stamp=bin/.stamp
pinned=$(cat go.mod go.sum build.sh | cksum)
[ "$(cat "$stamp" 2>/dev/null || true)" = "$pinned" ] && exit 0

echo 'setup: building Butane and Ignition (once, a minute or two)'
butane=github.com/coreos/butane
ignition=github.com/coreos/ignition/v2
version() { sed -n "s|^[[:space:]]*$1 \(v[^ ]*\).*|\1|p" go.mod; }
# Butane refuses to run without a version; the hosts of tests have no SELinux policy.
flags="-s -w
  -X $butane/internal/version.Raw=$(version "$butane")
  -X $ignition/internal/version.Raw=$(version "$ignition")
  -X $ignition/internal/distro.selinuxRelabel=false"
mkdir -p bin
build() { go build -mod=readonly -trimpath -ldflags "$flags" -o "bin/$1" "$2"; }
build butane "$butane/internal"
build ignition-validate "$ignition/validate"
CGO_ENABLED=1 build ignition "$ignition/internal"
echo "$pinned" >"$stamp"
